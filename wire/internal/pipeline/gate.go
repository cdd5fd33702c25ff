// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"sync"
)

// gate bounds the calls in flight on a connection, and the bytes of requests
// that no handler has decoded. One goroutine enters, and later waits until all
// have left; any may leave.
type gate struct {
	maxCalls, maxBytes int

	mu           sync.Mutex
	calls, bytes int
	wake         chan struct{} // capacity 1: something left
}

func newGate(maxCalls, maxBytes int) *gate {
	return &gate{maxCalls: maxCalls, maxBytes: maxBytes, wake: make(chan struct{}, 1)}
}

// enter waits for room for one more call with a request of n bytes, which may
// alone be larger than all the room.
func (g *gate) enter(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		room := g.calls < g.maxCalls && (g.bytes == 0 || g.bytes+n <= g.maxBytes)
		if room {
			g.calls++
			g.bytes += n
		}
		g.mu.Unlock()
		if room {
			return nil
		}
		select {
		case <-g.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leave gives back calls and bytes.
func (g *gate) leave(calls, bytes int) {
	g.mu.Lock()
	g.calls -= calls
	g.bytes -= bytes
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// wait waits until no call is in flight. It reports false if stop was first.
func (g *gate) wait(stop <-chan struct{}) bool {
	for {
		g.mu.Lock()
		empty := g.calls == 0
		g.mu.Unlock()
		if empty {
			return true
		}
		select {
		case <-g.wake:
		case <-stop:
			return false
		}
	}
}
