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
	typical  atomic.Int64 // ns, close to the median; 0: not known
	seen     atomic.Int32 // tasks timed since the last one that held up a loop
	required atomic.Int32 // how many, beside firstTasks, before one runs on a loop again
}

const (
	// quick is the typical time below which tasks are short: about what it costs
	// to hand one to another goroutine, with all that follows from it.
	quick = 4 * time.Microsecond
	// firstTasks are timed before the first one runs on a loop.
	firstTasks = 64
	// maxRequired bounds how many are, after tasks that held up a loop.
	maxRequired = 1 << 20
	// rare is how many timed tasks in loops there have to be to one that holds up
	// its loop: a busy system may stop any goroutine for that long.
	rare = 256
)

// Quick reports whether the next task is likely to be short.
func (p *Pace) Quick() bool {
	return p.typical.Load() < int64(quick) && p.seen.Load() >= p.required.Load()+firstTasks
}

// Took tells how long a task took.
func (p *Pace) Took(d time.Duration) {
	if seen := p.seen.Load(); seen < 2*maxRequired {
		p.seen.Store(seen + 1)
	}
	typical := p.typical.Load()
	if typical == 0 {
		p.typical.Store(max(int64(d), 1))
		return
	}
	// As many tasks are above the typical time as below it.
	step := typical/16 + 1
	if int64(d) < typical {
		step = min(typical-1, step)
		step = -step
	}
	p.typical.Store(typical + step)
}

// HeldUp tells that a task has held up its loop. If that happens often, ever
// more tasks have to be short before one is trusted again.
func (p *Pace) HeldUp() {
	required := p.required.Load()
	seen := p.seen.Load() - required - firstTasks
	switch {
	case seen < 0: // another loop's task has told already
		return
	case seen >= rare:
		required = 0
	default:
		required = min(2*(required+firstTasks), maxRequired)
	}
	p.required.Store(required)
	p.seen.Store(0)
}
