// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"time"
)

// LeastRequest draws two nodes, as often as their weights say, and takes the one
// that has fewer attempts in flight for its weight: the power of two choices
// (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing",
// 2001; Envoy's least_request and gRFC A48 do the same). The zero LeastRequest
// is ready for use.
type LeastRequest struct {
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
}

// Update implements [Picker].
func (p *LeastRequest) Update(nodes []Node) { p.update(nodes) }

// Pick implements [Picker].
func (p *LeastRequest) Pick(_ context.Context, info Info) (Pick, error) {
	m, err := p.two(p.Seed, &info, p.clock.at(info.Now), (*member).load)
	if err != nil {
		return Pick{}, err
	}
	return counted(m)
}

// two draws two members that can take the call and returns the one of less
// cost, the first if they are equal; nil if no member can take it.
func (c *chooser) two(seed uint64, info *Info, now time.Duration, cost func(*member, time.Duration) float64) (*member, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	var l shortlist
	var first *member
	n, random := len(s.members), c.source.next(seed)
	at, step := below(random, n), 1
	if n > 2 {
		step += below(mix(random), n-1)
	}
	for range maxDraws {
		var m *member
		if s.sums == nil { // the first two differ, and are any pair as likely as any other
			m = s.members[at]
			if at += step; at >= n {
				at -= n
			}
		} else {
			m = s.draw(random)
			random = c.source.next(seed)
		}
		switch {
		case m == first || c.cold(m, now, seed) || !l.visit(m, info):
		case first == nil:
			first = m
		case cost(m, now) < cost(first, now):
			return m, nil
		default:
			return first, nil
		}
	}
	if first != nil {
		return first, nil
	}
	return l.scan(s.members, at, info), nil
}
