// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"math"
	"math/rand/v2"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// part is an interval of a run, its distribution by the grid's numbers.
type part struct {
	width         float64
	calls, errors float64
	index         []int
	count         []float64
}

// group is the runs of one side.
type group struct {
	grid *grid
	runs [][]part
}

func newGroup(results []*result.Result, g *grid) *group {
	group := &group{grid: g}
	for _, r := range results {
		var run []part
		for _, i := range r.Intervals {
			p := part{width: i.Width, calls: float64(i.Calls), errors: float64(i.Errors)}
			for _, b := range i.Latency {
				p.index = append(p.index, g.index[b.Value])
				p.count = append(p.count, float64(b.Count))
			}
			run = append(run, p)
		}
		group.runs = append(group.runs, run)
	}
	return group
}

// whole is the group as it was measured.
func (g *group) whole() *sample {
	s := newSample(g.grid)
	for _, run := range g.runs {
		for i := range run {
			s.add(&run[i])
		}
	}
	return s
}

// draw is the group as it might have been: as many runs, drawn at random, each
// of as many parts, drawn at random in rows of several that follow one another.
func (g *group) draw(random *rand.Rand) *sample {
	s := newSample(g.grid)
	for range g.runs {
		run := g.runs[random.IntN(len(g.runs))]
		if len(run) == 0 {
			continue
		}
		row := rowLength(len(run))
		at := 0
		for drawn := range run {
			if drawn%row == 0 {
				at = random.IntN(len(run))
			}
			s.add(&run[at])
			at = (at + 1) % len(run)
		}
	}
	return s
}

// rowLength is how many parts of n are drawn together: the square root of n. That
// is longer than block bootstraps usually have it, for what disturbs a machine
// lasts.
func rowLength(n int) int { return max(int(math.Round(math.Sqrt(float64(n)))), 1) }

// sample is parts taken together.
type sample struct {
	grid          *grid
	width         float64
	calls, errors float64
	counts        []float64
	n             float64 // the sum of counts
}

func newSample(g *grid) *sample { return &sample{grid: g, counts: make([]float64, len(g.values))} }

func (s *sample) add(p *part) {
	s.width += p.width
	s.calls += p.calls
	s.errors += p.errors
	for i, index := range p.index {
		s.counts[index] += p.count[i]
		s.n += p.count[i]
	}
}

func (s *sample) answered() float64 { return s.n }

func (s *sample) rate() float64 {
	if s.width == 0 {
		return 0
	}
	return (s.calls - s.errors) / s.width
}

func (s *sample) failed() float64 {
	if s.calls == 0 {
		return 0
	}
	return s.errors / s.calls
}

// mean and quantile are in milliseconds.
func (s *sample) mean() float64 {
	if s.n == 0 {
		return 0
	}
	var sum float64
	for i, count := range s.counts {
		sum += count * float64(s.grid.values[i])
	}
	return sum / s.n / 1e6
}

func (s *sample) quantile(q float64) float64 {
	rank := q * s.n
	for i, count := range s.counts {
		if rank -= count; rank <= 0 && count > 0 {
			return float64(s.grid.values[i]) / 1e6
		}
	}
	return 0
}
