// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// Options say how sure and how large a difference must be.
type Options struct {
	// Confidence of the intervals, for each metric; 0 means 0.99.
	Confidence float64
	// Threshold is the change that matters, 0.05 for 5 %. Zero takes any that is
	// sure.
	Threshold float64
	// Rounds is how often the metrics are worked out anew; 0 means 2,000.
	Rounds int
}

// Verdict says what a change is.
type Verdict string

// The verdicts.
const (
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	Same    Verdict = "no difference" // none that is both sure and large enough
	Unclear Verdict = "unclear"       // large, but it may be noise: more or longer runs would tell
)

// Finding is what became of one metric. Low and High bound the change with the
// confidence that was asked for. Changes are relative, 0.1 for a tenth more, but
// for the share of errors, where they are differences.
type Finding struct {
	Metric  string  `json:"metric"`
	Base    float64 `json:"base"`
	Other   float64 `json:"other"`
	Change  float64 `json:"change"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Verdict Verdict `json:"verdict"`
}

// The names of the metrics; latencies are in milliseconds.
const (
	Rate   = "calls/s"
	Errors = "errors"
	Mean   = "mean"
)

// metric is a figure of a sample.
type metric struct {
	name       string
	higher     bool    // is better
	difference bool    // changes are differences
	needs      float64 // calls, for there to be enough in the tail
	of         func(*sample) float64
}

func metrics() []metric {
	quantile := func(name string, q float64) metric {
		return metric{name: name, needs: 10 / (1 - q), of: func(s *sample) float64 { return s.quantile(q) }}
	}
	return []metric{
		{name: Rate, higher: true, of: (*sample).rate},
		{name: Errors, difference: true, of: (*sample).failed},
		{name: Mean, needs: 1, of: (*sample).mean},
		quantile("p50", 0.5), quantile("p90", 0.9), quantile("p99", 0.99), quantile("p99.9", 0.999),
	}
}

// Results compares two groups of runs, each of at least one, by every metric for
// which there are calls enough.
func Results(base, other []*result.Result, o Options) []Finding {
	if o.Confidence <= 0 || o.Confidence >= 1 {
		o.Confidence = 0.99
	}
	if o.Rounds <= 0 {
		o.Rounds = 2000
	}
	grid := gridOf(base, other)
	a, b := newGroup(base, grid), newGroup(other, grid)
	chosen := slices.DeleteFunc(metrics(), func(m metric) bool {
		return m.needs > min(a.whole().answered(), b.whole().answered())
	})
	changes := make([][]float64, len(chosen))
	// The same files give the same answer.
	random := rand.New(rand.NewPCG(1, 2))
	for range o.Rounds {
		x, y := a.draw(random), b.draw(random)
		for i, m := range chosen {
			changes[i] = append(changes[i], m.change(m.of(x), m.of(y)))
		}
	}
	var findings []Finding
	x, y := a.whole(), b.whole()
	for i, m := range chosen {
		f := Finding{Metric: m.name, Base: m.of(x), Other: m.of(y)}
		f.Change = m.change(f.Base, f.Other)
		slices.Sort(changes[i])
		tail := (1 - o.Confidence) / 2
		f.Low, f.High = at(changes[i], tail), at(changes[i], 1-tail)
		f.Verdict = m.verdict(f, o.Threshold)
		findings = append(findings, f)
	}
	return findings
}

func (m metric) change(from, to float64) float64 {
	switch {
	case m.difference:
		return to - from
	case from == 0 && to == 0:
		return 0
	case from == 0:
		return math.MaxFloat64 // JSON has no infinity
	default:
		return to/from - 1
	}
}

func (m metric) verdict(f Finding, threshold float64) Verdict {
	sure := f.Low > 0 || f.High < 0
	if m.difference {
		threshold /= 10 // of errors half a percent matters if 5 % of time do
	}
	large := math.Abs(f.Change) >= threshold && f.Change != 0
	switch {
	case !large:
		return Same
	case !sure && threshold == 0:
		return Same
	case !sure:
		return Unclear
	case f.Change > 0 == m.higher:
		return Better
	default:
		return Worse
	}
}

// at is the quantile q of sorted values.
func at(sorted []float64, q float64) float64 {
	return sorted[int(math.Round(q*float64(len(sorted)-1)))]
}

// grid numbers the values of all distributions.
type grid struct {
	index  map[time.Duration]int
	values []time.Duration
}

func gridOf(groups ...[]*result.Result) *grid {
	g := &grid{index: make(map[time.Duration]int)}
	for _, group := range groups {
		for _, r := range group {
			for _, i := range r.Intervals {
				for _, b := range i.Latency {
					g.index[b.Value] = 0
				}
			}
		}
	}
	for v := range g.index {
		g.values = append(g.values, v)
	}
	slices.Sort(g.values)
	for i, v := range g.values {
		g.index[v] = i
	}
	return g
}
