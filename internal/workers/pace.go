// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"sync/atomic"
	"time"
)

// Pace knows how long the tasks of one kind take, to tell whether the next one
// may run on a [Loop]. The zero Pace knows nothing yet, and says no. It is safe
// for concurrent use; updates that get lost do no harm.
type Pace struct {
	mean    atomic.Int64 // ns, of recent tasks
	trusted atomic.Int32 // tasks still to be seen before it is trusted
	penalty atomic.Int32 // what trusted is set to when a task was not short
	begun   atomic.Bool
}

const (
	// quick is the mean below which tasks are short: what it costs to hand one
	// to another goroutine.
	quick = 3 * time.Microsecond
	// firstTasks are seen before the first one runs on a loop.
	firstTasks = 64
	// maxPenalty bounds how many are, after tasks that took over a loop.
	maxPenalty = 1 << 20
	// longest bounds what one task adds to the mean: one may take long because
	// the machine was busy with something else.
	longest = 4 * quick
	// weight is that of a new task in the mean, as a power of two.
	weight = 4
)

// Quick reports whether the next task is likely to be short.
func (p *Pace) Quick() bool {
	return p.begun.Load() && p.trusted.Load() <= 0 && p.mean.Load() < int64(quick)
}

// Took tells how long a task took.
func (p *Pace) Took(d time.Duration) {
	if !p.begun.Load() && !p.begun.Swap(true) {
		p.mean.Store(int64(d))
		p.trusted.Store(firstTasks)
		p.penalty.Store(firstTasks)
		return
	}
	mean := p.mean.Load()
	p.mean.Store(mean + (min(int64(d), int64(longest))-mean)>>weight)
	if p.trusted.Load() > 0 {
		p.trusted.Add(-1)
	}
}

// HeldUp tells that a task held up its loop. Each time, more tasks have to be
// short before one is trusted again.
func (p *Pace) HeldUp() {
	penalty := min(2*max(p.penalty.Load(), firstTasks), maxPenalty)
	p.penalty.Store(penalty)
	p.trusted.Store(penalty)
}
