// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// WeightedRoundRobin takes the nodes in turn, each as often as its weight says,
// and as evenly spread as that allows: by an earliest-deadline-first schedule
// with static strides (gRFC A58). A node that is not ready loses its turn to the
// next.
//
// The zero WeightedRoundRobin is ready for use.
type WeightedRoundRobin struct {
	// Reported replaces the weights of endpoints by what servers say of
	// themselves with their replies ([ReportLoad], or gRPC's ORCA): calls a second
	// over utilization, as gRFC A58 has it, with its blackout of 10 s, expiration
	// of 3 min, update every second and an error penalty of 1. A server that says
	// nothing gets the mean weight.
	Reported bool
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
	turn     atomic.Uint64
	schedule atomic.Pointer[schedule]
	due      atomic.Int64 // when reports are looked at again

	mu sync.Mutex // held to make a schedule; picks only try it
}

// The periods and the penalty of gRFC A58.
const (
	reportBlackout   = 10 * time.Second
	reportExpiration = 3 * time.Minute
	reportUpdate     = time.Second
	errorPenalty     = 1
)

// report is what a server has said of itself.
type report struct {
	weight number
	since  atomic.Int64 // when it began to say so; 0 if it does not
	last   atomic.Int64
}

// reported is the feedback of a WeightedRoundRobin by reports.
type reported member

func (f *reported) perNode() {}

func (f *reported) Done(r Result) {
	now := f.chooser.clock.at(r.Now)
	if r.Load == nil || now == 0 {
		return
	}
	used := r.Load.Application
	if used == 0 {
		used = r.Load.CPU
	}
	if used <= 0 || r.Load.QPS <= 0 {
		return
	}
	f.report.weight.store(r.Load.QPS / (used + r.Load.EPS/r.Load.QPS*errorPenalty))
	f.report.last.Store(int64(now))
	f.report.since.CompareAndSwap(0, int64(now))
}

// at returns the weight that the report gives now, 0 if none.
func (r *report) at(now time.Duration) float64 {
	since := time.Duration(r.since.Load())
	switch {
	case since == 0:
		return 0
	case now-time.Duration(r.last.Load()) >= reportExpiration:
		r.since.Store(0)
		return 0
	case now-since < reportBlackout:
		return 0
	}
	return r.weight.load()
}

// Update implements [Picker].
func (p *WeightedRoundRobin) Update(nodes []Node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set.Load() == nil {
		p.turn.Store(p.source.next(p.Seed) >> 32)
	}
	if changed, _ := p.update(nodes); changed {
		p.reschedule(time.Duration(p.due.Load()))
	}
}

// reschedule makes a schedule of the current members. mu is held.
func (p *WeightedRoundRobin) reschedule(now time.Duration) {
	members := p.set.Load().members
	weights := make([]float64, len(members))
	known, sum := 0, 0.0
	for i, m := range members {
		if weights[i] = m.weight.load(); p.Reported {
			if weights[i] = m.report.at(now); weights[i] > 0 {
				known, sum = known+1, sum+weights[i]
			}
		}
	}
	if p.Reported {
		for i := range weights {
			switch {
			case known < 2:
				weights[i] = 1
			case weights[i] == 0:
				weights[i] = sum / float64(known)
			}
		}
	}
	p.schedule.Store(newSchedule(members, weights))
}

// Pick implements [Picker].
func (p *WeightedRoundRobin) Pick(_ context.Context, info Info) (Pick, error) {
	s, err := p.current()
	if err != nil {
		return Pick{}, err
	}
	now := p.clock.at(info.Now)
	if p.Reported && int64(now) >= p.due.Load() && p.mu.TryLock() {
		p.reschedule(now)
		p.due.Store(int64(now + reportUpdate))
		p.mu.Unlock()
	}
	m := p.next(s, &info, now)
	if m == nil || !p.Reported {
		return uncounted(m)
	}
	return Pick{Node: m.node, Feedback: (*reported)(m)}, nil
}

// next returns the member whose turn it is, nil if none can take the call.
func (p *WeightedRoundRobin) next(s *set, info *Info, now time.Duration) *member {
	var l shortlist
	schedule := p.schedule.Load()
	for met, steps := 0, 0; schedule != nil && len(schedule.entries) > 0 && met < maxTurns && steps < maxSteps; steps++ {
		m := schedule.at(p.turn.Add(1) - 1)
		if m == nil || p.cold(m, now, p.Seed) {
			continue
		}
		if l.visit(m, info) {
			return m
		}
		met++
	}
	return l.scan(s.members, int(p.turn.Load()%uint64(len(s.members))), info)
}

// maxSteps bounds how many turns are passed over for one pick.
const maxSteps = 256
