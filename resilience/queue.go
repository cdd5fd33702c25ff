// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"time"

	"github.com/curlewrpc/curlew"
)

// waiter is a call that waits for its turn.
type waiter struct {
	priority   Priority
	since      time.Duration      // on the limiter's clock
	deadline   time.Duration      // when its caller gives up; 0 if never
	turn       chan *curlew.Error // gets one value: nil when the call may run
	prev, next *waiter            // older, newer
	queued     bool
}

// queue holds waiters by priority, each list in the order of their coming. Its
// owner's lock guards it.
type queue struct {
	lists [priorities]list
	size  int
}

type list struct {
	oldest, newest *waiter
	size           int
}

func (q *queue) push(w *waiter) {
	list := &q.lists[w.priority]
	w.prev, w.next, w.queued = list.newest, nil, true
	if w.prev != nil {
		w.prev.next = w
	} else {
		list.oldest = w
	}
	list.newest = w
	list.size++
	q.size++
}

// remove takes w out, if it is in.
func (q *queue) remove(w *waiter) {
	if !w.queued {
		return
	}
	list := &q.lists[w.priority]
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		list.oldest = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		list.newest = w.prev
	}
	w.prev, w.next, w.queued = nil, nil, false
	list.size--
	q.size--
}

// first returns whose turn it is, the newest first or the oldest; nil if nobody
// waits.
func (q *queue) first(newest bool) *waiter {
	for p := priorities - 1; p >= 0; p-- {
		if list := &q.lists[p]; list.oldest != nil {
			if newest {
				return list.newest
			}
			return list.oldest
		}
	}
	return nil
}

// least returns the oldest of the lowest priority, nil if nobody waits.
func (q *queue) least() *waiter {
	for p := range q.lists {
		if w := q.lists[p].oldest; w != nil {
			return w
		}
	}
	return nil
}

// before counts those whose turn comes before that of a newcomer with priority
// p.
func (q *queue) before(p Priority, newest bool) int {
	n := 0
	for above := int(p) + 1; above < priorities; above++ {
		n += q.lists[above].size
	}
	if !newest {
		n += q.lists[p].size
	}
	return n
}

// expires reports whether somebody has waited since before the given time.
func (q *queue) expires(before time.Duration) bool {
	for p := range q.lists {
		if w := q.lists[p].oldest; w != nil && w.since < before {
			return true
		}
	}
	return false
}

// expire refuses those that have waited since before the given time.
func (q *queue) expire(before time.Duration, err *curlew.Error) {
	for p := range q.lists {
		for w := q.lists[p].oldest; w != nil && w.since < before; w = q.lists[p].oldest {
			q.refuse(w, err)
		}
	}
}

func (q *queue) refuse(w *waiter, err *curlew.Error) {
	q.remove(w)
	w.turn <- err
}
