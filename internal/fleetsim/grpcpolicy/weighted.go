// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpolicy

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew/balance"
)

// WeightedRoundRobin is weighted_round_robin (A58) by the load reports of calls:
// servers weigh their calls a second over their utilization.
type WeightedRoundRobin struct {
	random *rand.Rand
	nodes  []*weighed
	edf    schedule
	due    time.Time
}

// The defaults of A58.
const (
	blackoutPeriod          = 10 * time.Second
	weightExpirationPeriod  = 3 * time.Minute
	weightUpdatePeriod      = time.Second
	errorUtilizationPenalty = 1.0
)

// weighed is a server and what it has said of itself.
type weighed struct {
	node          balance.Node
	weight        float64
	lastUpdated   time.Time
	nonEmptySince time.Time // the zero time is A58's infinity

	period, deadline float64 // in the schedule
}

// Done implements [balance.Feedback]; it is UpdateWeight of A58.
func (w *weighed) Done(r balance.Result) {
	if r.Load == nil {
		return
	}
	utilization := r.Load.Application
	if utilization == 0 {
		utilization = r.Load.CPU
	}
	if utilization <= 0 || r.Load.QPS <= 0 {
		return
	}
	utilization += r.Load.EPS / r.Load.QPS * errorUtilizationPenalty
	if w.nonEmptySince.IsZero() {
		w.nonEmptySince = r.Now
	}
	w.lastUpdated, w.weight = r.Now, r.Load.QPS/utilization
}

// at is GetWeight of A58.
func (w *weighed) at(now time.Time) float64 {
	switch {
	case w.nonEmptySince.IsZero():
		return 0
	case now.Sub(w.lastUpdated) >= weightExpirationPeriod:
		w.nonEmptySince = time.Time{}
		return 0
	case now.Sub(w.nonEmptySince) < blackoutPeriod:
		return 0
	}
	return w.weight
}

// NewWeightedRoundRobin returns a policy without servers.
func NewWeightedRoundRobin(seed uint64) *WeightedRoundRobin {
	return &WeightedRoundRobin{random: random(seed)}
}

// Update implements [balance.Picker].
func (p *WeightedRoundRobin) Update(nodes []balance.Node) {
	known := make(map[balance.Node]*weighed, len(p.nodes))
	for _, w := range p.nodes {
		known[w.node] = w
	}
	p.nodes = make([]*weighed, len(nodes))
	for i, n := range nodes {
		if p.nodes[i] = known[n]; p.nodes[i] == nil {
			p.nodes[i] = &weighed{node: n}
		}
	}
	p.due = time.Time{}
}

// Pick implements [balance.Picker].
func (p *WeightedRoundRobin) Pick(_ context.Context, info balance.Info) (balance.Pick, error) {
	if len(p.nodes) == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	if !info.Now.Before(p.due) {
		p.reschedule(info.Now)
		p.due = info.Now.Add(weightUpdatePeriod)
	}
	w := p.edf.next()
	return balance.Pick{Node: w.node, Feedback: w}, nil
}

// reschedule makes a schedule of the weights now. Servers without one get the
// mean; if fewer than two have one, all are equal.
func (p *WeightedRoundRobin) reschedule(now time.Time) {
	weights := make([]float64, len(p.nodes))
	known, sum := 0, 0.0
	for i, w := range p.nodes {
		if weights[i] = w.at(now); weights[i] > 0 {
			known, sum = known+1, sum+weights[i]
		}
	}
	p.edf = append(p.edf[:0], p.nodes...)
	for i, w := range p.edf {
		switch {
		case known < 2:
			w.period = 1
		case weights[i] == 0:
			w.period = float64(known) / sum
		default:
			w.period = 1 / weights[i]
		}
		w.deadline = w.period * p.random.Float64()
	}
	heap.Init(&p.edf)
}

// schedule has the server with the earliest deadline first.
type schedule []*weighed

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].deadline < s[j].deadline }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(x any)        { *s = append(*s, x.(*weighed)) }
func (s *schedule) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

func (s *schedule) next() *weighed {
	w := (*s)[0]
	w.deadline += w.period
	heap.Fix(s, 0)
	return w
}
