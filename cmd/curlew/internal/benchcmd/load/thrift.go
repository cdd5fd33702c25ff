// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"runtime"
	"time"
)

// thrift keeps a slow open loop on one processor. Between calls there is nothing
// to do, and where Go has several processors, waking the others' threads up and
// putting them to sleep again would be most of the cost of a call. Nobody else
// runs in this process.
type thrift struct {
	before int // processors to go back to; 0 if all are in use
	at     time.Time
	used   time.Duration // of the processors' time, until then
}

const (
	slow   = 10_000      // calls per second that are no work for a processor
	busy   = 0.6         // of its time, from which on there are more
	glance = time.Second // the time that is looked at: on a busy machine work comes in bursts
)

// begin takes processors away, if the schedule is a slow one.
func (t *thrift) begin(s Schedule) {
	for _, stage := range s {
		if max(stage.From, stage.To) > slow {
			return
		}
	}
	t.at, t.used = time.Now(), cpuTime()
	if len(s) > 0 && t.used > 0 { // else it could not be seen whether one is enough
		t.before = runtime.GOMAXPROCS(1)
	}
}

// look gives the processors back, if one has had much to do for a while.
func (t *thrift) look() {
	if t.before == 0 {
		return
	}
	now := time.Now()
	elapsed := now.Sub(t.at)
	if elapsed < glance {
		return
	}
	used := cpuTime()
	if float64(used-t.used) > busy*float64(elapsed) {
		t.end()
	}
	t.at, t.used = now, used
}

// end gives them back.
func (t *thrift) end() {
	if t.before > 0 {
		runtime.GOMAXPROCS(t.before)
		t.before = 0
	}
}
