// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/resilience"
)

// Call is what became of one call. Times are since the journal began.
type Call struct {
	Due, Begin, End time.Duration
	Write           bool // not idempotent
	Priority        resilience.Priority
	Err             error
}

// Took is the call's latency.
func (c *Call) Took() time.Duration { return c.End - c.Begin }

// Attempt is one attempt of a call at a server.
type Attempt struct {
	Call       int // its index among the calls
	Peer       string
	Begin, End time.Duration
	Err        error
}

// Journal keeps calls and attempts.
type Journal struct {
	began time.Time

	mu       sync.Mutex
	calls    []Call
	attempts []Attempt
}

// NewJournal returns an empty journal that begins now.
func NewJournal() *Journal { return &Journal{began: time.Now()} }

// Now is the time since the journal began.
func (j *Journal) Now() time.Duration { return time.Since(j.began) }

// At is a time as the journal counts it.
func (j *Journal) At(t time.Time) time.Duration { return t.Sub(j.began) }

// Calls returns the calls due from one time until another, all for zeros. It is
// for when the run has ended.
func (j *Journal) Calls(from, until time.Duration) []Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	var calls []Call
	for _, c := range j.calls {
		if c.Due >= from && (until == 0 || c.Due < until) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Call returns the call of an index.
func (j *Journal) Call(i int) Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.calls[i]
}

// Tried returns the attempts that began from one time until another, all for
// zeros.
func (j *Journal) Tried(from, until time.Duration) []Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	var attempts []Attempt
	for _, a := range j.attempts {
		if a.Begin >= from && (until == 0 || a.Begin < until) {
			attempts = append(attempts, a)
		}
	}
	return attempts
}

// begin makes room for a call, and returns its index.
func (j *Journal) begin(c Call) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
	return len(j.calls) - 1
}

// end says how a call ended.
func (j *Journal) end(i int, err error) {
	now := j.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls[i].End, j.calls[i].Err = now, err
}

// index is the key of contexts for the call's index.
type index struct{}

// Attempts is an interceptor for the attempt position of a client.
func (j *Journal) Attempts(next curlew.Handler) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		i, ok := ctx.Value(index{}).(int)
		if !ok {
			return next(ctx, call) // one that does not belong to the run
		}
		begin := j.Now()
		err := next(ctx, call)
		a := Attempt{Call: i, Peer: call.Peer().String(), Begin: begin, End: j.Now(), Err: err}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.attempts = append(j.attempts, a)
		return err
	}
}

// Count returns how many calls fit.
func Count(calls []Call, fits func(*Call) bool) int {
	n := 0
	for i := range calls {
		if fits(&calls[i]) {
			n++
		}
	}
	return n
}

// Failed reports whether a call failed.
func Failed(c *Call) bool { return c.Err != nil }

// Served reports whether a call was answered.
func Served(c *Call) bool { return c.Err == nil }

// Quantile returns the latency that the part q of the calls that fit does not
// exceed: by the nearest rank, 0 without calls.
func Quantile(calls []Call, q float64, fits func(*Call) bool) time.Duration {
	var took []time.Duration
	for i := range calls {
		if fits(&calls[i]) {
			took = append(took, calls[i].Took())
		}
	}
	return quantile(took, q)
}

// Lateness returns by how much the part q of the calls began late at most.
func Lateness(calls []Call, q float64) time.Duration {
	var late []time.Duration
	for i := range calls {
		late = append(late, calls[i].Begin-calls[i].Due)
	}
	return quantile(late, q)
}

func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, max(0, int(math.Ceil(q*float64(len(values))))-1))]
}
