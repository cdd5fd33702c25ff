// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import "context"

// Random takes any node, each as often as its weight says. The zero Random is
// ready for use.
type Random struct {
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
}

// Update implements [Picker].
func (p *Random) Update(nodes []Node) { p.update(nodes) }

// Pick implements [Picker].
func (p *Random) Pick(_ context.Context, info Info) (Pick, error) {
	s, err := p.current()
	if err != nil {
		return Pick{}, err
	}
	now := p.clock.at(info.Now)
	var l shortlist
	for range maxDraws {
		if m := s.draw(p.source.next(p.Seed)); !p.cold(m, now, p.Seed) && l.visit(m, &info) {
			return uncounted(m)
		}
	}
	return uncounted(l.scan(s.members, below(p.source.next(p.Seed), len(s.members)), &info))
}

// maxDraws bounds how often a pick draws a node before it looks at them all.
const maxDraws = 6
