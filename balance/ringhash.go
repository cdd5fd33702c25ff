// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
)

// RingHash sends calls with the same key to the same node, as long as that is
// ready: each node has points on a circle of hashes, and a key belongs to the
// next point (D. Karger and others, "Consistent Hashing and Random Trees", 1997;
// gRFC A42). A node that comes or goes moves only the keys that it gets or had.
// Clients with the same nodes agree. A call without a key goes to any node.
//
// While a node is not ready, its keys go to the next on the circle.
type RingHash struct {
	// Key is required.
	Key func(*curlew.Call) string
	// Points is how many points a node of mean weight has: 100, with which a node
	// gets its share of the keys within about 10 %.
	Points int
	// LoadFactor bounds what hot keys do to a node: it gets at most this many times
	// the mean of the attempts in flight, and the rest goes to the next on the
	// circle ("Consistent Hashing with Bounded Loads", 2016; 1.25 is usual).
	// 0 means no bound.
	LoadFactor float64
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
	ring  atomic.Pointer[ring]
	built int // points when the ring was made
	count int // points now
}

// point returns the i-th point of m.
func (m *member) point(i int) point { return point{mix(m.hash + uint64(i)*golden), m} }

// Update implements [Picker].
func (p *RingHash) Update(nodes []Node) {
	if p.set.Load() == nil {
		p.wrong = wrong(errors.Join(checkHashing("RingHash", p.Key, p.LoadFactor), positive("RingHash.Points", p.Points)))
	}
	changed, gone := p.update(nodes)
	if !changed {
		return
	}
	members := p.set.Load().members
	before, moves := p.count, 0
	for _, m := range members {
		moves += max(p.points(m)-m.points, m.points-p.points(m))
		p.count += p.points(m) - m.points
	}
	for _, m := range gone {
		moves += m.points
		p.count -= m.points
	}
	if p.ring.Load() == nil || moves > before/4 || p.count > 4*p.built || p.count < p.built/4 {
		p.rebuild(members)
		return
	}
	r := p.ring.Load()
	for _, m := range members {
		p.move(r, m, p.points(m))
	}
	for _, m := range gone {
		p.move(r, m, 0)
	}
}

// points is how many points m is to have.
func (p *RingHash) points(m *member) int {
	return max(int(math.Round(m.weight.load()*float64(or(p.Points, 100)))), 1)
}

// move gives m that many points on r.
func (p *RingHash) move(r *ring, m *member, points int) {
	for ; m.points < points; m.points++ {
		r.add(m.point(m.points))
	}
	for ; m.points > points; m.points-- {
		r.remove(m.point(m.points - 1))
	}
}

func (p *RingHash) rebuild(members []*member) {
	points := make([]point, 0, max(p.count, 0))
	for _, m := range members {
		m.points = p.points(m)
		for i := range m.points {
			points = append(points, m.point(i))
		}
	}
	p.count, p.built = len(points), len(points)
	p.ring.Store(newRing(points))
}

// Pick implements [Picker].
func (p *RingHash) Pick(_ context.Context, info Info) (Pick, error) {
	s, err := p.current()
	if err != nil {
		return Pick{}, err
	}
	ring := p.ring.Load()
	if ring == nil {
		return Pick{}, ErrNotReady // the first update is under way
	}
	place := p.place(p.Key, info.Call, p.Seed)
	bound := p.bound(p.LoadFactor, len(s.members))
	var l shortlist
	var found, last *member
	ring.from(place, maxPoints, func(m *member) bool {
		if m != last && !m.full(bound) && l.visit(m, &info) {
			found = m
		}
		last = m
		return found != nil
	})
	if found == nil {
		found = l.scan(s.members, below(place, len(s.members)), &info)
	}
	return p.placed(found, bound)
}

// maxPoints bounds how many points a pick passes before it looks at all nodes.
const maxPoints = 64
