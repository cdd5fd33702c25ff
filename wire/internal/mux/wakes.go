// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

// Wakes are wake channels to be used again on the same connection: made anew for
// every call they would be a good part of its garbage.
type Wakes struct{ free []chan struct{} }

const maxFreeWakes = 128

// Get returns a channel of capacity 1 with nothing in it.
func (w *Wakes) Get() chan struct{} {
	n := len(w.free)
	if n == 0 {
		return make(chan struct{}, 1)
	}
	ch := w.free[n-1]
	w.free = w.free[:n-1]
	return ch
}

// Put takes back a channel that nobody else holds; it may be nil.
func (w *Wakes) Put(ch chan struct{}) {
	if ch == nil || len(w.free) >= maxFreeWakes {
		return
	}
	select {
	case <-ch:
	default:
	}
	w.free = append(w.free, ch)
}

// Shrink keeps nothing.
func (w *Wakes) Shrink() { w.free = nil }

// Wake wakes the one who waits on ch, a channel of capacity 1 or nil, now or
// soon.
func Wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
