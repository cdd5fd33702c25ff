// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"
)

// SlowStart lets the share of a node that is new, or has come back after its
// connections failed, grow over a time, so that a server can fill its caches
// first. It works with [Random], [WeightedRoundRobin], [LeastRequest] and
// [PeakEWMA], also within an [Outlier], [Zone] or [Subset]; other pickers do not
// see it. The nodes of the first update are not new.
//
// After the time t, a node has Least or (t/Window)^(1/Aggression) of its share,
// whichever is more, as with Envoy's slow start. The time counts from the first
// pick that meets the node.
//
// The zero SlowStart is ready for use.
type SlowStart struct {
	// Picker chooses among the nodes: that of [Default].
	Picker Picker
	// Window is how long it takes: 30 s.
	Window time.Duration
	// Aggression bends the growth: 1 is a straight line, more is faster in the
	// beginning.
	Aggression float64
	// Least is the part of its share that a node begins with: 0.1.
	Least float64

	clock   clock
	now     atomic.Int64 // of a recent pick
	begun   atomic.Bool  // there was an update
	wrong   error        // with the fields; set once, before begun
	roster  roster[warming]
	wrapped []Node // the roster's states
}

// warming is a node as the picker within sees it.
type warming struct {
	Node
	slow   *SlowStart
	since  atomic.Int64 // when its growth began; 0 at the next look, grown when it has ended
	failed atomic.Bool  // since it was ready
}

const grown = math.MaxInt64

// Unwrap returns the node that the picker around was given.
func (n *warming) Unwrap() Node { return n.Node }

// State implements Node, and notices that a node comes back.
func (n *warming) State() State {
	state := n.Node.State()
	switch {
	case state == Failing && !n.failed.Load():
		n.failed.Store(true)
	case state == Ready && n.failed.Load() && n.failed.CompareAndSwap(true, false):
		n.since.Store(n.slow.now.Load())
	}
	return state
}

// scale is the part of its share that the node has.
func (n *warming) scale(now time.Duration) float64 {
	since := n.since.Load()
	switch {
	case since == grown:
		return 1
	case since == 0:
		n.since.CompareAndSwap(0, int64(now))
		since = n.since.Load()
	}
	s := n.slow
	t := float64(int64(now)-since) / float64(or(s.Window, 30*time.Second))
	if t >= 1 {
		n.since.CompareAndSwap(since, grown)
		return 1
	}
	return max(math.Pow(max(t, 0), 1/or(s.Aggression, 1)), or(s.Least, 0.1))
}

// warmingOf returns the node of a SlowStart within n, nil if there is none.
func warmingOf(n Node) *warming {
	for {
		if w, ok := n.(*warming); ok {
			return w
		}
		w, ok := n.(wrapper)
		if !ok {
			return nil
		}
		n = w.Unwrap()
	}
}

func (s *SlowStart) check() error {
	return errors.Join(
		positive("SlowStart.Window", s.Window),
		positive("SlowStart.Aggression", s.Aggression),
		part("SlowStart.Least", s.Least))
}

// Update implements [Picker].
func (s *SlowStart) Update(nodes []Node) {
	if !s.begun.Load() {
		s.wrong = wrong(s.check())
		if s.Picker == nil {
			s.Picker = Default()
		}
	}
	before := s.roster.states
	s.roster.update(nodes, func(n Node) *warming {
		w := &warming{Node: n, slow: s}
		if before == nil {
			w.since.Store(grown)
		}
		return w
	})
	if states := s.roster.states; !same(before, states) {
		s.wrapped = make([]Node, len(states))
		for i, n := range states {
			s.wrapped[i] = n
		}
	}
	s.Picker.Update(s.wrapped)
	s.begun.Store(true)
}

// Pick implements [Picker].
func (s *SlowStart) Pick(ctx context.Context, info Info) (Pick, error) {
	if !s.begun.Load() {
		return Pick{}, ErrNotReady
	}
	if s.wrong != nil {
		return Pick{}, s.wrong
	}
	if now := int64(s.clock.at(info.Now)); now-s.now.Load() > int64(coarse) {
		s.now.Store(now)
	}
	pick, err := s.Picker.Pick(ctx, info)
	if n, ok := pick.Node.(*warming); ok && err == nil {
		pick.Node = n.Node
	}
	return pick, err
}

// coarse is how far behind a recent time may be, so that not every pick writes
// it.
const coarse = 10 * time.Millisecond
