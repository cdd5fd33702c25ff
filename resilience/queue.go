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

// queue holds waiters by priority, each line in the order of their coming. Its
// owner's lock guards it.
type queue struct {
	lines [priorities]line
	size  int
}

type line struct {
	oldest, newest *waiter
	size           int
}

func (q *queue) push(w *waiter) {
	line := &q.lines[w.priority]
	w.prev, w.next, w.queued = line.newest, nil, true
	if w.prev != nil {
		w.prev.next = w
	} else {
		line.oldest = w
	}
	line.newest = w
	line.size++
	q.size++
}

// remove takes w out, if it is in.
func (q *queue) remove(w *waiter) {
	if !w.queued {
		return
	}
	line := &q.lines[w.priority]
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		line.oldest = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		line.newest = w.prev
	}
	w.prev, w.next, w.queued = nil, nil, false
	line.size--
	q.size--
}

// first returns whose turn it is, the newest first or the oldest; nil if nobody
// waits.
func (q *queue) first(newest bool) *waiter {
	for p := priorities - 1; p >= 0; p-- {
		if line := &q.lines[p]; line.oldest != nil {
			if newest {
				return line.newest
			}
			return line.oldest
		}
	}
	return nil
}

// least returns the oldest of the lowest priority, nil if nobody waits.
func (q *queue) least() *waiter {
	for p := range q.lines {
		if w := q.lines[p].oldest; w != nil {
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
		n += q.lines[above].size
	}
	if !newest {
		n += q.lines[p].size
	}
	return n
}

// expires reports whether somebody has waited since before the given time.
func (q *queue) expires(before time.Duration) bool {
	for p := range q.lines {
		if w := q.lines[p].oldest; w != nil && w.since < before {
			return true
		}
	}
	return false
}

// expire refuses those that have waited since before the given time.
func (q *queue) expire(before time.Duration, err *curlew.Error) {
	for p := range q.lines {
		for w := q.lines[p].oldest; w != nil && w.since < before; w = q.lines[p].oldest {
			q.refuse(w, err)
		}
	}
}

func (q *queue) refuse(w *waiter, err *curlew.Error) {
	q.remove(w)
	w.turn <- err
}
