// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew/resilience"
)

// Stage is a rate of calls for a time.
type Stage struct {
	Rate float64 // calls a second
	For  time.Duration
}

// Plan is which calls to make.
type Plan struct {
	Stages []Stage
	Seed   uint64
	// Writes is the part of the calls that are not idempotent, High the part of
	// high priority; the others have the normal one.
	Writes, High float64
	// Timeout is each call's own.
	Timeout time.Duration
	// Do makes a call.
	Do func(ctx context.Context, write bool, p resilience.Priority) error
}

// most bounds the calls in flight: what makes more has lost its balance.
const most = 100_000

// Run is a plan under way.
type Run struct {
	Journal *Journal
	done    chan struct{}
	err     error // set before done is closed
	stop    chan struct{}
	stopped sync.Once
}

// Start begins to make the calls of a plan. They end when it does, or ctx.
func Start(ctx context.Context, journal *Journal, plan Plan) *Run {
	r := &Run{Journal: journal, done: make(chan struct{}), stop: make(chan struct{})}
	go func() { // Wait waits for it
		defer close(r.done)
		r.err = r.make(ctx, plan)
	}()
	return r
}

// Wait returns when all calls have ended. The error says why not all were made.
func (r *Run) Wait() error {
	<-r.done
	return r.err
}

// Stop begins no more calls, and returns when all have ended.
func (r *Run) Stop() {
	r.stopped.Do(func() { close(r.stop) })
	<-r.done
}

// Done is closed when all calls have ended.
func (r *Run) Done() <-chan struct{} { return r.done }

func (r *Run) make(ctx context.Context, plan Plan) error {
	random := rand.New(rand.NewPCG(plan.Seed, 0))
	var calls sync.WaitGroup
	defer calls.Wait()
	var flying atomic.Int64
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := r.Journal.Now()
	end := due
	for _, stage := range plan.Stages {
		end += stage.For
		for ; due < end; due += time.Duration(random.ExpFloat64() / stage.Rate * float64(time.Second)) {
			c := Call{Due: due, Write: random.Float64() < plan.Writes, Priority: resilience.Normal}
			if random.Float64() < plan.High {
				c.Priority = resilience.High
			}
			timer.Reset(max(0, due-r.Journal.Now()))
			select {
			case <-timer.C:
			case <-r.stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
			if flying.Add(1) > most {
				return fmt.Errorf("%d calls are in flight, which is too many", most)
			}
			c.Begin = r.Journal.Now()
			i := r.Journal.begin(c)
			calls.Go(func() {
				defer flying.Add(-1)
				ctx, cancel := context.WithTimeout(context.WithValue(ctx, index{}, i), plan.Timeout)
				defer cancel()
				r.Journal.end(i, plan.Do(ctx, c.Write, c.Priority))
			})
		}
		due = end
	}
	return nil
}
