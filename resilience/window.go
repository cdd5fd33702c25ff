// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"sync/atomic"
	"time"
)

const (
	windowSlots = 10
	// windowSample is how many successes may pass before the clock is read to put
	// them into their slot.
	windowSample = 16
)

// window counts calls over a sliding time, without locks: counts that change at
// the same moment as the slot may be put into its neighbour. Times are counted
// from a beginning that its owner keeps.
type window struct {
	width  time.Duration // of a slot
	newest atomic.Int64  // the number of the newest slot
	fresh  atomic.Int64  // successes that are not yet in a slot
	slots  [windowSlots]windowSlot
}

type windowSlot struct{ calls, failed, slow atomic.Int64 }

type windowSum struct{ calls, failed, slow int64 }

// count counts a success and reports whether turn should follow.
func (w *window) count() bool { return w.fresh.Add(1)%windowSample == 0 }

// add counts a call that has ended at the time now.
func (w *window) add(now time.Duration, v verdict, slow bool) {
	slot := w.turn(now)
	slot.calls.Add(1)
	if v == failure {
		slot.failed.Add(1)
	}
	if slow {
		slot.slow.Add(1)
	}
}

// turn empties the slots that have begun since the last turn and returns the
// present one.
func (w *window) turn(now time.Duration) *windowSlot {
	present := int64(now / w.width)
	for {
		last := w.newest.Load()
		if present <= last {
			present = last
			break
		}
		if w.newest.CompareAndSwap(last, present) {
			for n := max(last+1, present-windowSlots+1); n <= present; n++ {
				w.slots[n%windowSlots].clear()
			}
			break
		}
	}
	slot := &w.slots[present%windowSlots]
	if n := w.fresh.Load(); n > 0 && w.fresh.CompareAndSwap(n, 0) {
		slot.calls.Add(n)
	}
	return slot
}

func (w *window) sum() windowSum {
	var s windowSum
	for i := range w.slots {
		s.calls += w.slots[i].calls.Load()
		s.failed += w.slots[i].failed.Load()
		s.slow += w.slots[i].slow.Load()
	}
	return s
}

func (w *window) clear() {
	w.fresh.Store(0)
	for i := range w.slots {
		w.slots[i].clear()
	}
}

func (s *windowSlot) clear() {
	s.calls.Store(0)
	s.failed.Store(0)
	s.slow.Store(0)
}
