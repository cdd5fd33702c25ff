// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"sync/atomic"
)

// RoundRobin takes the nodes in turn, whatever they weigh. A node that is not
// ready loses its turn to the next. The first turn is that of any node, so that
// many clients do not begin with the same one.
//
// The zero RoundRobin is ready for use.
type RoundRobin struct {
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
	turn atomic.Uint64
}

// Update implements [Picker].
func (p *RoundRobin) Update(nodes []Node) {
	if p.set.Load() == nil {
		p.turn.Store(p.source.next(p.Seed) >> 32)
	}
	p.update(nodes)
}

// Pick implements [Picker].
func (p *RoundRobin) Pick(_ context.Context, info Info) (Pick, error) {
	s, err := p.current()
	if err != nil {
		return Pick{}, err
	}
	var l shortlist
	n := uint64(len(s.members))
	for range min(n, maxTurns) {
		m := s.members[(p.turn.Add(1)-1)%n]
		if l.visit(m, &info) {
			return uncounted(m)
		}
	}
	return uncounted(l.scan(s.members, int(p.turn.Load()%n), &info))
}

// maxTurns bounds how many nodes lose their turn before a pick looks at them all.
const maxTurns = 8
