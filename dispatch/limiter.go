// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"container/list"
	"context"
	"sync"

	"github.com/curlewrpc/curlew"
)

// limiter lets a number of calls run at the same time and as many more wait,
// first come, first served, as its queue holds. A waiting call waits on the
// goroutine that will run it.
type limiter struct {
	whose      string // for errors: "the server"
	max, queue int

	mu      sync.Mutex
	running int
	waiting list.List // of chan struct{}, closed to let the waiter run
}

// newLimiter returns nil, which limits nothing, if max is 0.
func newLimiter(whose string, max, queue int) *limiter {
	if max == 0 {
		return nil
	}
	return &limiter{whose: whose, max: max, queue: queue}
}

// acquire waits for a place until ctx ends. After nil the caller must release.
func (l *limiter) acquire(ctx context.Context) error {
	l.mu.Lock()
	if l.running < l.max {
		l.running++
		l.mu.Unlock()
		return nil
	}
	if l.waiting.Len() >= l.queue {
		l.mu.Unlock()
		return l.refusal(curlew.ResourceExhausted, "no more may wait")
	}
	turn := make(chan struct{})
	place := l.waiting.PushBack(turn)
	l.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.leave(place)
		return l.refusal(curlew.CodeOf(ctx.Err()), "the call waited in vain")
	}
}

// leave gives up a place in the queue, or the right to run if that came at the
// same time.
func (l *limiter) leave(place *list.Element) {
	l.mu.Lock()
	select {
	case <-place.Value.(chan struct{}):
		l.mu.Unlock()
		l.release()
	default:
		l.waiting.Remove(place)
		l.mu.Unlock()
	}
}

func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if first := l.waiting.Front(); first != nil {
		l.waiting.Remove(first)
		close(first.Value.(chan struct{})) // our place is now the waiter's
		return
	}
	l.running--
}

func (l *limiter) refusal(code curlew.Code, what string) error {
	return curlew.Errorf(code, "%s runs its limit of %d calls and has %d waiting: %s", l.whose, l.max, l.queue, what).
		WithProgress(curlew.Refused)
}
