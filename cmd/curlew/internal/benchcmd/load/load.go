// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// Outcome is what came of a call.
type Outcome struct {
	Sent, Received int   // messages
	Bytes          int64 // of the messages received
	Err            error
}

// Method is one method of a plan.
type Method struct {
	Name, Kind string
	// Weight is the method's share of the calls; 0 means 1.
	Weight int
	// Do makes the call number seq. Callers are numbered from 0; each makes one
	// call at a time. When ctx ends, Do returns soon.
	Do func(ctx context.Context, caller int, seq int64) Outcome
}

// Plan is what to do.
type Plan struct {
	Methods []Method
	// Callers is how many calls can be in flight.
	Callers int
	// Schedule says when calls begin; with none each caller calls again when it
	// has its answer.
	Schedule Schedule
	// Requests ends the run after so many calls, Duration after so long. A
	// closed loop has at least one of the two; a schedule has its own length, and
	// both are ignored.
	Requests int64
	Duration time.Duration
	// Warmup is a time before the run in which calls are made and not counted.
	Warmup time.Duration
	// Observe is shown the state of the run about ten times a second, by one
	// goroutine. Nil is nobody.
	Observe func(View)
}

func (p *Plan) validate() error {
	switch {
	case len(p.Methods) == 0:
		return errors.New("there is no method to call")
	case p.Callers < 1:
		return fmt.Errorf("%d callers make no calls; give at least one", p.Callers)
	case p.Schedule == nil && p.Requests <= 0 && p.Duration <= 0:
		return errors.New("nothing ends the run; give a duration or a number of requests")
	}
	return nil
}

// forgiven is by how much a caller that waited may wake up late before that
// counts as latency: the precision of timers, not the server's doing.
const forgiven = 2 * time.Millisecond

// run is a plan on its way.
type run struct {
	plan   Plan
	wheel  []int32 // whose turn it is: indices of methods
	begin  time.Time
	warm   time.Time // the end of the warm-up
	end    time.Time // when no more calls begin; zero if only the number counts
	seq    atomic.Int64
	counts atomic.Int64 // calls begun since the warm-up
	rec    *recorder
	thrift thrift // the collector's, while it runs
}

// Run does what the plan says. When ctx ends, calls in flight are given up and
// not counted, and the result tells what there was until then. It returns when
// all that it started has ended.
func Run(ctx context.Context, plan Plan) (*result.Result, error) {
	if err := plan.validate(); err != nil {
		return nil, err
	}
	schedule := plan.Schedule
	if schedule != nil && plan.Warmup > 0 {
		rate := max(schedule[0].From, schedule[0].To/10)
		plan.Schedule = append(Schedule{{rate, rate, plan.Warmup}}, schedule...)
	}
	r := &run{plan: plan, wheel: wheelOf(plan.Methods), begin: time.Now()}
	r.warm = r.begin.Add(plan.Warmup)
	switch {
	case schedule != nil:
		r.end = r.warm.Add(schedule.Length())
	case plan.Duration > 0:
		r.end = r.warm.Add(plan.Duration)
	}
	r.rec = newRecorder(r, schedule)
	r.thrift.begin(plan.Schedule)
	defer r.thrift.end()

	var callers sync.WaitGroup
	for caller := range plan.Callers {
		callers.Go(func() {
			if schedule != nil {
				r.open(ctx, caller)
			} else {
				r.closed(ctx, caller)
			}
		})
	}
	done := make(chan struct{})
	var collector sync.WaitGroup
	collector.Go(func() { r.rec.collect(done) })
	callers.Wait()
	close(done)
	collector.Wait()

	res := r.rec.result()
	res.CPU = (cpuTime() - r.rec.cpu).Seconds()
	res.Interrupted = ctx.Err() != nil
	if schedule != nil {
		due := int64(schedule.Due(schedule.Length()) + 0.5)
		if res.Interrupted {
			due = int64(schedule.Due(time.Since(r.warm)))
		}
		res.Behind.Due = due
		res.Behind.Unsent = max(due-r.counts.Load(), 0)
	}
	return res, nil
}

// closed makes one call after the other.
func (r *run) closed(ctx context.Context, caller int) {
	begin := time.Now()
	for ctx.Err() == nil && (r.end.IsZero() || begin.Before(r.end)) {
		counted := !begin.Before(r.warm)
		if counted && r.counts.Add(1) > r.plan.Requests && r.plan.Requests > 0 {
			r.counts.Add(-1)
			return
		}
		seq := r.seq.Add(1) - 1
		method := r.wheel[r.turn(seq)]
		out := r.plan.Methods[method].Do(ctx, caller, seq)
		end := time.Now()
		if out.Err != nil && ctx.Err() != nil {
			return
		}
		if counted {
			r.rec.add(caller, sample{latency: end.Sub(begin), method: method}, out)
		}
		begin = end
	}
}

// open makes the calls that are due and that no other caller has taken.
func (r *run) open(ctx context.Context, caller int) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		seq := r.seq.Add(1) - 1
		at, ok := r.plan.Schedule.At(seq)
		if !ok {
			return
		}
		due := r.begin.Add(at)
		begin := time.Now()
		waited := due.After(begin)
		if waited {
			timer.Reset(due.Sub(begin))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			begin = time.Now()
		} else if begin.After(r.end) {
			return // the schedule is over: what is left counts as not sent
		}
		counted := !due.Before(r.warm)
		if counted {
			r.counts.Add(1)
		}
		method := r.wheel[r.turn(seq)]
		out := r.plan.Methods[method].Do(ctx, caller, seq)
		end := time.Now()
		if out.Err != nil && ctx.Err() != nil {
			return
		}
		if !counted {
			continue
		}
		late := max(begin.Sub(due), 0)
		from := due
		if waited && late <= forgiven {
			from = begin
		}
		r.rec.add(caller, sample{latency: end.Sub(from), late: late, method: method}, out)
	}
}

func (r *run) turn(seq int64) int { return int(seq % int64(len(r.wheel))) }

// maxWheel bounds the sum of weights that are kept exactly.
const maxWheel = 10_000

// wheelOf spreads the methods' turns evenly by their weights (smooth weighted
// round robin: who has waited the longest for its share is next).
func wheelOf(methods []Method) []int32 {
	sum := 0
	for _, m := range methods {
		sum += max(m.Weight, 1)
	}
	waiting := make([]int, len(methods))
	wheel := make([]int32, 0, min(sum, maxWheel))
	for len(wheel) < cap(wheel) {
		next := 0
		for i, m := range methods {
			waiting[i] += max(m.Weight, 1)
			if waiting[i] > waiting[next] {
				next = i
			}
		}
		waiting[next] -= sum
		wheel = append(wheel, int32(next))
	}
	return wheel
}
