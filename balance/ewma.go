// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// PeakEWMA draws two nodes, as often as their weights say, and takes the one
// with the lower cost: its latency times the attempts in flight there for its
// weight. The latency is a moving average that rises at once to the peak and
// falls slowly, as in Finagle's and Linkerd's balancer of the same name
// (https://linkerd.io/2016/03/16/beyond-round-robin-load-balancing-for-latency).
// It also falls while a node gets no calls, so that a slow node is tried again.
//
// A node of unknown latency gets one call, and more once that is done. An
// attempt that failed by the server's fault counts as twice the latency, so that
// a node does not look good by failing fast. Streams and one-way calls count as
// in flight, but tell nothing of latency.
//
// The zero PeakEWMA is ready for use.
type PeakEWMA struct {
	// Decay is the time in which an old latency loses about two thirds of its
	// influence: 10 s.
	Decay time.Duration
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
}

// Update implements [Picker].
func (p *PeakEWMA) Update(nodes []Node) {
	if p.set.Load() == nil {
		p.wrong = wrong(positive("PeakEWMA.Decay", p.Decay))
		p.decay = or(p.Decay, 10*time.Second).Seconds()
	}
	p.update(nodes)
}

// Pick implements [Picker].
func (p *PeakEWMA) Pick(_ context.Context, info Info) (Pick, error) {
	m, err := p.two(p.Seed, &info, p.clock.at(info.Now), (*member).cost)
	if err != nil {
		return Pick{}, err
	}
	if m == nil || !timed(info.Call) {
		return counted(m)
	}
	m.pending.Add(1)
	return Pick{Node: m.node, Feedback: (*measured)(m)}, nil
}

// cost is what one more attempt is expected to take.
func (m *member) cost(now time.Duration) float64 {
	load := m.load(now)
	l := m.latency.at(now, m.chooser.decay)
	if l == 0 && load > 0 {
		return unknownCost + load
	}
	return l * (load + 1)
}

// unknownCost is that of a node whose first call is not done, in seconds.
const unknownCost = 1e6

// measured is the feedback of a PeakEWMA.
type measured member

func (f *measured) perNode() {}

func (f *measured) Done(r Result) {
	f.pending.Add(-1)
	now := f.chooser.clock.at(r.Now)
	if now == 0 {
		return // the attempt was not made
	}
	took, decay := r.Duration.Seconds(), f.chooser.decay
	switch {
	case r.Err == nil:
		f.latency.observe(now, took, decay)
	case blames(r.Err) || overloaded(r.Err):
		f.latency.observe(now, max(took, f.latency.penalty(now, decay)), decay)
	case unserved(r.Err): // how long the server takes is not known
	case curlew.CodeOf(r.Err) == curlew.Canceled:
		if took > f.latency.at(now, decay) { // it would have taken longer still
			f.latency.observe(now, took, decay)
		}
	default:
		f.latency.observe(now, took, decay)
	}
}

// latency is a moving average in seconds, and when it was last told a duration:
// a float32 above the low half of a count of ticks. 0 is not known.
type latency struct{ packed atomic.Uint64 }

const (
	tick          = 100 * time.Microsecond
	leastLatency  = 1e-9
	firstPenalty  = 0.1 // of a node that fails the first call
	mostPenalty   = 10
	linearDecayTo = 1e-3
)

func (l *latency) load() (seconds float64, stamp uint32) {
	packed := l.packed.Load()
	return float64(math.Float32frombits(uint32(packed >> 32))), uint32(packed)
}

// at returns the latency as it counts now.
func (l *latency) at(now time.Duration, decay float64) float64 {
	seconds, stamp := l.load()
	return seconds * fade(now, stamp, decay)
}

// fade is by how much a latency has lost influence since stamp.
func fade(now time.Duration, stamp uint32, decay float64) float64 {
	age := int32(uint32(now/tick) - stamp)
	if age <= 0 {
		return 1
	}
	x := float64(age) * tick.Seconds() / decay
	if x < linearDecayTo {
		return 1 - x
	}
	return math.Exp(-x)
}

// observe takes a duration into the average.
func (l *latency) observe(now time.Duration, took, decay float64) {
	took = max(took, leastLatency)
	for {
		packed := l.packed.Load()
		seconds, stamp := l.load()
		if took < seconds {
			w := fade(now, stamp, decay)
			seconds = seconds*w + took*(1-w)
		} else {
			seconds = took
		}
		next := uint64(math.Float32bits(float32(seconds)))<<32 | uint64(uint32(now/tick))
		if l.packed.CompareAndSwap(packed, next) {
			return
		}
	}
}

// penalty is what a failed attempt counts as, if it did not take longer: twice
// what the latency counts as now, so that a node is shunned for longer each time
// that it is tried and fails, but not for much longer than it took to be tried.
func (l *latency) penalty(now time.Duration, decay float64) float64 {
	seconds := l.at(now, decay)
	if seconds == 0 {
		return firstPenalty
	}
	return max(seconds, min(2*seconds, mostPenalty))
}
