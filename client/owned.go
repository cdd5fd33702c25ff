// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import "sync"

// owned counts what a client has started and Close waits for: goroutines and
// open streams.
type owned struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// enter reports whether something may still start. If so, leave follows.
func (o *owned) enter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.wg.Add(1)
	return true
}

func (o *owned) leave() { o.wg.Done() }

// start runs f in a goroutine and reports whether it may still.
func (o *owned) start(f func()) bool {
	if !o.enter() {
		return false
	}
	go func() { // Close waits for it
		defer o.leave()
		f()
	}()
	return true
}

func (o *owned) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
}

func (o *owned) wait() { o.wg.Wait() }
