// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math"
	"slices"
	"time"
)

// Outcome is what a run has shown. Times are in milliseconds.
type Outcome struct {
	Calls int // in the measured span
	// P50, P99 and P999 are latencies from arrival to answer of calls that were
	// answered well or not in time; fast errors do not flatter them.
	P50, P99, P999 float64
	// Errors is the part of the calls that failed, late ones included.
	Errors float64
	// Imbalance is the time that the slots of the busiest server were in use,
	// beside the mean of all servers.
	Imbalance float64
	// Watched is the part of the calls that the watched servers got.
	Watched float64
	// Local is the part of the calls that stayed in their zone.
	Local float64
	// Deepest is the longest queue before a server.
	Deepest int
	// PerSecond is the course of the run from its beginning.
	PerSecond []Second

	config     Config
	bySecond   [][]float32
	failed     int
	local      int
	watched    int
	watchedAll int
}

// Second is what happened to the calls that arrived within one.
type Second struct {
	P99     float64
	Watched float64 // part of the calls that the watched servers got
	Errors  float64

	calls, watched, errors int
}

func newOutcome(config Config) *Outcome {
	n := int(config.Length/time.Second) + 1
	return &Outcome{config: config, PerSecond: make([]Second, n), bySecond: make([][]float32, n)}
}

func second(at time.Duration) int { return int(at / time.Second) }

// picked counts a call that goes to a server.
func (o *Outcome) picked(f *Fleet, c *call, server int) {
	s := &o.PerSecond[second(c.at)]
	s.calls++
	if server < o.config.Watched {
		s.watched++
	}
	if c.at >= o.config.WatchFrom && c.at < o.config.WatchTo {
		o.watchedAll++
		if server < o.config.Watched {
			o.watched++
		}
	}
	if f.measured() {
		o.Calls++
		if c.client.zone == c.server.Endpoint.Zone {
			o.local++
		}
	}
}

// refused counts a call that no server could take.
func (o *Outcome) refused(f *Fleet, c *call, _ error) {
	s := &o.PerSecond[second(c.at)]
	s.calls++
	s.errors++
	if f.measured() {
		o.Calls++
		o.failed++
	}
}

// finished counts how a call ended.
func (o *Outcome) finished(f *Fleet, c *call, err error) {
	at := second(c.at)
	if err != nil {
		o.PerSecond[at].errors++
		if c.at >= o.config.From {
			o.failed++
		}
	}
	if err == nil || err == error(errTooLate) {
		o.bySecond[at] = append(o.bySecond[at], float32((f.now-c.at).Seconds()*1000))
	}
}

// complete computes what is told.
func (o *Outcome) complete(f *Fleet) *Outcome {
	var all []float32
	for i, latencies := range o.bySecond {
		if time.Duration(i)*time.Second >= o.config.From {
			all = append(all, latencies...)
		}
		slices.Sort(latencies)
		s := &o.PerSecond[i]
		s.P99 = quantile(latencies, 0.99)
		if s.calls > 0 {
			s.Watched, s.Errors = float64(s.watched)/float64(s.calls), float64(s.errors)/float64(s.calls)
		}
	}
	o.PerSecond = o.PerSecond[:second(o.config.Length)]
	slices.Sort(all)
	o.P50, o.P99, o.P999 = quantile(all, 0.5), quantile(all, 0.99), quantile(all, 0.999)
	o.Errors = part(o.failed, o.Calls)
	o.Local = part(o.local, o.Calls)
	o.Watched = part(o.watched, o.watchedAll)
	sum, most := 0.0, 0.0
	for _, s := range f.Servers {
		sum += s.busy.Seconds()
		most = max(most, s.busy.Seconds())
		o.Deepest = max(o.Deepest, s.deepest)
	}
	o.Imbalance = most / (sum / float64(len(f.Servers)))
	o.bySecond = nil
	return o
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// quantile returns the least of sorted values that are not below a part q.
func quantile(sorted []float32, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[max(i, 0)])
}

// Recovery returns how long after a time the watched servers first got at least
// half of a fair share, in whole seconds; false if they did not within the run.
func (o *Outcome) Recovery(from time.Duration) (time.Duration, bool) {
	fair := float64(o.config.Watched) / float64(o.config.Servers)
	return o.first(from, func(s Second) bool { return s.Watched >= fair/2 })
}

// Calm returns how long after a time less than one call in a hundred failed, in
// whole seconds; false if that was never so.
func (o *Outcome) Calm(from time.Duration) (time.Duration, bool) {
	return o.first(from, func(s Second) bool { return s.Errors < 0.01 })
}

func (o *Outcome) first(from time.Duration, is func(Second) bool) (time.Duration, bool) {
	for i := second(from); i < len(o.PerSecond); i++ {
		if is(o.PerSecond[i]) {
			return time.Duration(i-second(from)) * time.Second, true
		}
	}
	return 0, false
}
