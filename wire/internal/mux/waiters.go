// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

import "container/list"

// Waiters is a first-come, first-served queue of those who wait for a place.
// The zero Waiters is empty.
type Waiters struct{ l list.List }

// Waiter is one who waits.
type Waiter struct {
	// Turn is closed when the turn has come, or never will.
	Turn chan struct{}
	// Granted tells that the turn has come. It belongs to the queue's owner.
	Granted bool
	gone    bool // no longer in the queue
	at      *list.Element
}

// Len is the number of those who wait.
func (w *Waiters) Len() int { return w.l.Len() }

// Join begins to wait.
func (w *Waiters) Join() *Waiter {
	x := &Waiter{Turn: make(chan struct{})}
	x.at = w.l.PushBack(x)
	return x
}

// Leave gives up.
func (w *Waiters) Leave(x *Waiter) {
	if !x.gone {
		x.gone = true
		w.l.Remove(x.at)
	}
}

// Wake lets the first one go, granting it a place or not, and reports whether
// there was one.
func (w *Waiters) Wake(grant bool) bool {
	e := w.l.Front()
	if e == nil {
		return false
	}
	x := w.l.Remove(e).(*Waiter)
	x.gone, x.Granted = true, grant
	close(x.Turn)
	return true
}

// Dismiss lets all go with nothing.
func (w *Waiters) Dismiss() {
	for w.Wake(false) {
	}
}
