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

// line is the waiters of one priority. It is overloaded when its waits have been
// too long for too long.
type line struct {
	oldest, newest *waiter
	size           int
	slowSince      time.Duration // when a wait was last short, or it was empty
	overloaded     bool
}

func (q *queue) push(w *waiter) {
	line := &q.lines[w.priority]
	w.prev, w.next, w.queued = line.newest, nil, true
	if w.prev != nil {
		w.prev.next = w
	} else {
		line.oldest, line.slowSince = w, w.since
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

// first returns whose turn it is; nil if nobody waits.
func (q *queue) first() *waiter {
	for p := priorities - 1; p >= 0; p-- {
		switch line := &q.lines[p]; {
		case line.oldest == nil:
		case line.overloaded:
			return line.newest
		default:
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
func (q *queue) before(p Priority) int {
	n := 0
	for above := int(p) + 1; above < priorities; above++ {
		n += q.lines[above].size
	}
	if !q.lines[p].overloaded {
		n += q.lines[p].size
	}
	return n
}

// judge finds the lines whose waits have not been short for interval, and
// reports whether one is overloaded.
func (q *queue) judge(now, interval time.Duration) bool {
	any := false
	for p := range q.lines {
		line := &q.lines[p]
		if line.oldest != nil && now-line.slowSince > interval {
			line.overloaded = true
		}
		any = any || line.overloaded
	}
	return any
}

// relieve ends the overload of all lines.
func (q *queue) relieve() {
	for p := range q.lines {
		q.lines[p].overloaded = false
	}
}

// expire refuses those that have waited for longer than the longest wait, or
// than target where there is overload.
func (q *queue) expire(now, longest, target time.Duration, why func(time.Duration) *curlew.Error) (expired bool) {
	for p := range q.lines {
		line, most := &q.lines[p], longest
		if line.overloaded {
			most = target
		}
		var err *curlew.Error
		for w := line.oldest; w != nil && now-w.since > most; w = line.oldest {
			if err == nil {
				err = why(most)
			}
			q.refuse(w, err)
			expired = true
		}
	}
	return expired
}

func (q *queue) refuse(w *waiter, err *curlew.Error) {
	q.remove(w)
	w.turn <- err
}
