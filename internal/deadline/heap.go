// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package deadline

import (
	"math"
	"sync"
	"time"
)

// slack is the least time between two rounds of firing.
const slack = 2 * time.Millisecond

// never is later than every deadline.
const never = time.Duration(math.MaxInt64)

// Expirer is told that its deadline has passed. Expire runs without any lock of
// the heap, one call at a time, on a goroutine of the heap: it may add and
// remove entries, must return soon, and must not call Heap.Close.
type Expirer interface {
	Expire()
}

// Entry is a place in a Heap, to be embedded in what has the deadline. The zero
// value waits for nothing. It may be added again once it was removed or has
// fired, and must not be copied or reused for something else while it waits.
type Entry struct {
	position int // in the heap, from 1; 0: not in it
}

// Heap watches deadlines. The zero value is ready for use. Its methods may be
// called concurrently. It takes its timer in the testing/synctest bubble of the
// first Add.
type Heap struct {
	mu     sync.Mutex
	idle   *sync.Cond // runs has fallen to 0; made by Close
	closed bool
	items  []item // a binary heap: the first is the earliest

	begin     time.Time // what moments are counted from: the first Add
	timer     *time.Timer
	armed     time.Duration // the moment the timer is set to, or never
	notBefore time.Duration // the moment of the next round at the earliest
	firing    bool          // a run is calling Expire
	runs      int           // calls of run that are scheduled or under way
}

// item is an entry that waits. Its moment lies beside it, so that ordering the
// heap does not touch the entries' memory.
type item struct {
	at    time.Duration // since begin, by the monotonic clock
	entry *Entry
	owner Expirer
}

// Add calls owner.Expire once when has passed, unless e is removed before. If it
// has passed already, that happens soon, but never inside Add. On a closed heap
// it never happens.
func (h *Heap) Add(e *Entry, when time.Time, owner Expirer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.position != 0 {
		panic("deadline: entry added while it waits")
	}
	if h.begin.IsZero() {
		h.begin = time.Now()
		h.armed = never
	}
	h.push(item{at: h.moment(when), entry: e, owner: owner})
	if e.position == 1 && !h.firing { // a run arms the timer when it ends
		h.arm()
	}
}

// Remove makes e wait no longer. It reports whether that came in time: true
// says that Expire is not called for it, false that it has been, is being, or
// that e was not added.
func (h *Heap) Remove(e *Entry) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.position == 0 {
		return false
	}
	h.delete(e.position - 1)
	return true
}

// Close lets no more deadlines fire, and waits for the Expire that is running.
// Entries stay removable.
func (h *Heap) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.timer != nil && h.timer.Stop() {
		h.runs--
	}
	if h.idle == nil {
		h.idle = sync.NewCond(&h.mu)
	}
	for h.runs > 0 {
		h.idle.Wait()
	}
}

// moment converts a point in time. One without monotonic reading is measured
// against the wall clock of now, as context.WithDeadline does, because the wall
// clock may have been set since begin.
func (h *Heap) moment(when time.Time) time.Duration {
	if hasMonotonic := when != when.Round(0); !hasMonotonic {
		now := time.Since(h.begin)
		return now + min(time.Until(when), never-now)
	}
	return when.Sub(h.begin)
}

// arm sets the timer for the earliest entry unless it is set to run before.
func (h *Heap) arm() {
	if len(h.items) == 0 || h.closed {
		return
	}
	at := max(h.items[0].at, h.notBefore)
	if at >= h.armed {
		return
	}
	h.armed = at
	wait := at - time.Since(h.begin)
	switch {
	case h.timer == nil:
		h.timer = time.AfterFunc(wait, h.run)
		h.runs++
	case !h.timer.Reset(wait): // it was not running
		h.runs++
	}
}

// run fires what is due. The timer may call it again while it runs.
func (h *Heap) run() {
	h.mu.Lock()
	defer h.endRun() // also if Expire ends the goroutine
	if !h.firing {
		h.armed = never
		h.fire()
	}
}

func (h *Heap) endRun() {
	if !h.firing {
		h.arm()
	}
	h.runs--
	if h.runs == 0 && h.idle != nil {
		h.idle.Broadcast()
	}
	h.mu.Unlock()
}

// fire calls Expire for all that is due. The lock is held but for the calls.
func (h *Heap) fire() {
	h.firing = true
	defer func() { h.firing = false }()
	now := time.Since(h.begin)
	for len(h.items) > 0 && h.items[0].at <= now && !h.closed {
		owner := h.items[0].owner
		h.delete(0)
		h.notBefore = now + slack
		h.expire(owner)
	}
}

// expire calls Expire without the lock, and has the lock again afterwards,
// however Expire ends.
func (h *Heap) expire(owner Expirer) {
	h.mu.Unlock()
	defer h.mu.Lock()
	owner.Expire()
}
