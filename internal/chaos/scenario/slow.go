// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
)

// slow has a server become 20 times slower under the same load.
func slow(e *env) {
	roundRobin := client.WithPicker(func() balance.Picker { return new(balance.RoundRobin) })
	e.slow("round_robin: ", figure.Bound{}, roundRobin)
	e.slow("", figure.AtMost(1.5))
}

func (e *env) slow(which string, bound figure.Bound, options ...client.Option) {
	const handle, settling = 5 * time.Millisecond, 2 * time.Second
	replicas := e.start(size, fleet.Config{Handle: handle})
	c := e.dial(addresses(replicas), options...)
	phase := e.shorter(10*time.Second, 4*time.Second)
	run := e.load(c, load.Plan{
		Stages: []load.Stage{{Rate: 1000, For: time.Second + phase + settling + phase}},
		Writes: 0.5,
	})
	e.wait(time.Second + phase)
	replicas[0].Tell(e, fleet.Order{Handle: 20 * handle})
	at := c.journal.Now()
	calls := e.finish(c, run)
	before, after := c.journal.Calls(time.Second, at-100*time.Millisecond), c.journal.Calls(at+settling, 0)
	was, is := load.Quantile(before, 0.99, load.Served), load.Quantile(after, 0.99, load.Served)
	e.figure(which+"p99 before", figure.Millis(was), "ms", figure.Bound{})
	e.figure(which+"p99 from 2 s after", figure.Millis(is), "ms", figure.Bound{})
	e.figure(which+"p99 after : before", float64(is)/float64(was), "", bound)
	there := 0
	all := c.journal.Tried(at+settling, 0)
	for _, a := range all {
		if a.Peer == replicas[0].Addr {
			there++
		}
	}
	e.figure(which+"calls that went to the slow server then", percent(float64(there), float64(len(all))), "%", figure.Bound{})
	e.figure(which+"failed calls", float64(load.Count(calls, load.Failed)), "", figure.AtMost(0))
	for _, r := range replicas {
		r.Kill()
	}
}
