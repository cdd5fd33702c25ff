// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import "container/list"

// waiters is a first-come, first-served queue of those who wait for a slot. It
// is a plain state machine, guarded by its connection's mu.
type waiters struct{ l list.List }

type waiter struct {
	turn    chan struct{} // closed when the turn has come, or never will
	granted bool          // the turn has come
	gone    bool          // no longer in the queue
	at      *list.Element
}

func (w *waiters) join() *waiter {
	x := &waiter{turn: make(chan struct{})}
	x.at = w.l.PushBack(x)
	return x
}

// leave gives up.
func (w *waiters) leave(x *waiter) {
	if !x.gone {
		x.gone = true
		w.l.Remove(x.at)
	}
}

// wake lets the first one go, granting it a slot or not, and reports whether
// there was one.
func (w *waiters) wake(grant bool) bool {
	e := w.l.Front()
	if e == nil {
		return false
	}
	x := w.l.Remove(e).(*waiter)
	x.gone, x.granted = true, grant
	close(x.turn)
	return true
}

// dismiss lets all go with nothing.
func (w *waiters) dismiss() {
	for w.wake(false) {
	}
}
