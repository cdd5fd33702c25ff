// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/resilience"
)

// overload gives a server that can take 1,600 calls a second 80 % of that,
// three times that, and 80 % again. A tenth of the calls is important. The
// client makes its retries.
func overload(e *env) {
	const (
		slots, handle = 8, 5 * time.Millisecond
		capacity      = float64(slots) / (float64(handle) / float64(time.Second))
		warm          = time.Second
	)
	replicas := e.start(1, fleet.Config{Handle: handle, Slots: slots, Shed: true})
	c := e.dial(addresses(replicas))
	// A retry budget looks back for ten seconds: an overload that lasts as long
	// has the budget of its own calls only.
	usual, above, after := e.shorter(10*time.Second, 4*time.Second), e.shorter(15*time.Second, 5*time.Second), e.shorter(8*time.Second, 5*time.Second)
	begin := c.journal.Now()
	run := e.load(c, load.Plan{
		Stages: []load.Stage{{Rate: 0.8 * capacity, For: warm + usual}, {Rate: 3 * capacity, For: above}, {Rate: 0.8 * capacity, For: after}},
		High:   0.1, Writes: 0.5, Timeout: time.Second,
	})
	e.finish(c, run)
	from := begin + warm + usual
	until := from + above
	calm, storm := c.journal.Calls(begin+warm, from), c.journal.Calls(from, until)
	calmTail := load.Quantile(calm, 0.99, load.Served)
	e.figure("served at 80 % load", percent(float64(load.Count(calm, load.Served)), float64(len(calm))), "%", figure.Bound{})
	e.figure("p99 at 80 % load", figure.Millis(calmTail), "ms", figure.Bound{})

	good := 0
	for _, call := range c.journal.Calls(0, 0) {
		if call.Err == nil && call.End >= from && call.End < until {
			good++
		}
	}
	e.figure("goodput at 3 times the capacity, of the capacity", percent(float64(good)/above.Seconds(), capacity), "%", figure.AtLeast(90))
	// What the server has accepted it answers soon. A call that it has refused
	// first also waits for its next attempt.
	calmTry, stormTry := acceptedTail(c.journal, begin+warm, from), acceptedTail(c.journal, from, until)
	e.figure("p99 of accepted attempts", figure.Millis(stormTry), "ms", figure.Bound{})
	e.figure("p99 of accepted attempts : p99 at 80 % load", float64(stormTry)/float64(calmTry), "", figure.AtMost(2))
	stormTail := load.Quantile(storm, 0.99, load.Served)
	e.figure("p99 of served calls, with the waits of those tried again", figure.Millis(stormTail), "ms", figure.Bound{})
	e.figure("p99 of served calls : p99 at 80 % load", float64(stormTail)/float64(calmTail), "", figure.AtMost(2))
	high := func(call *load.Call) bool { return call.Priority == resilience.High }
	served := load.Count(storm, func(call *load.Call) bool { return high(call) && load.Served(call) })
	e.figure("important calls that were served", percent(float64(served), float64(load.Count(storm, high))), "%", figure.AtLeast(99))

	// Calls and attempts of the last ten seconds, or of all if there were fewer.
	window := max(0, until-10*time.Second)
	made, tried := len(c.journal.Calls(window, until)), len(c.journal.Tried(window, until))
	e.figure("load that retries add", percent(float64(tried-made), float64(made)), "%", figure.AtMost(10))
	e.figure("recovered after", figure.Millis(recovery(c.journal, until, until+after, 2*calmTail)), "ms", figure.AtMost(2000))
}

// acceptedTail is the p99 of the attempts that were answered.
func acceptedTail(j *load.Journal, from, until time.Duration) time.Duration {
	var answered []load.Call
	for _, a := range j.Tried(from, until) {
		if a.Err == nil {
			answered = append(answered, load.Call{Begin: a.Begin, End: a.End})
		}
	}
	return load.Quantile(answered, 0.99, load.Served)
}

// recovery is how long after a time calls are served as before: from then on, in
// each quarter of a second 99 % are, and with a p99 of at most tail.
func recovery(j *load.Journal, from, until, tail time.Duration) time.Duration {
	const step = 250 * time.Millisecond
	recovered := time.Duration(0)
	for at := from; at+step <= until; at += step {
		calls := j.Calls(at, at+step)
		served := load.Count(calls, load.Served)
		if percent(float64(served), float64(len(calls))) < 99 || load.Quantile(calls, 0.99, load.Served) > tail {
			recovered = at + step - from
		}
	}
	return recovered
}
