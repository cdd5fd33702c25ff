// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
)

// kill has one server after the other die without a word, and come back. About
// eight calls are in flight at each, half of them not idempotent.
func kill(e *env) {
	config := fleet.Config{Handle: 20 * time.Millisecond}
	replicas := e.start(size, config)
	c := e.dial(addresses(replicas))
	rounds, pause := 10, 1500*time.Millisecond
	if e.Quick {
		rounds = 3
	}
	run := e.load(c, load.Plan{
		Stages: []load.Stage{{Rate: 2000, For: time.Second + 2*time.Duration(rounds)*pause}},
		Writes: 0.5,
	})
	random := rand.New(rand.NewPCG(e.Seed, 2))
	e.wait(time.Second)
	inFlight, left := 0, time.Duration(0)
	for range rounds {
		i := random.IntN(size)
		from, until := replicas[i].Kill()
		e.wait(pause)
		inFlight += flying(c.journal, replicas[i].Addr, c.journal.At(from), c.journal.At(until))
		left = max(left, lastTry(c.journal, replicas[i].Addr)-c.journal.At(from))
		config.Listen = replicas[i].Addr
		replicas[i] = fleet.Start(e, e.Program, config)
		e.wait(pause - time.Duration(random.Int64N(int64(pause/2))))
	}
	calls := e.finish(c, run)
	reads := func(call *load.Call) bool { return load.Failed(call) && !call.Write }
	writes := func(call *load.Call) bool { return load.Failed(call) && call.Write }
	e.figure("servers killed", float64(rounds), "", figure.Bound{})
	e.figure("idempotent calls that failed", float64(load.Count(calls, reads)), "", figure.AtMost(0))
	e.figure("other calls that failed, beside those in flight there", float64(load.Count(calls, writes)), "", figure.AtMost(float64(inFlight)))
	e.figure("the last call went to the dead server after", figure.Millis(left), "ms", figure.AtMost(1000))
	e.explain(calls, reads)
}

// flying counts the calls that are not idempotent and were in flight at a
// server when it died, between two times.
func flying(j *load.Journal, server string, from, until time.Duration) int {
	n := 0
	for _, a := range j.Tried(0, until) {
		if a.Peer == server && a.End >= from && j.Call(a.Call).Write {
			n++
		}
	}
	return n
}

// lastTry is when a call was last sent to a server.
func lastTry(j *load.Journal, server string) time.Duration {
	var last time.Duration
	for _, a := range j.Tried(0, 0) {
		if a.Peer == server {
			last = max(last, a.Begin)
		}
	}
	return last
}
