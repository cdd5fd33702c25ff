// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sort"
	"sync/atomic"
	"time"
)

// set is the members of a chooser. Nobody changes it.
type set struct {
	members []*member
	sums    []float64 // of the weights up to each member; nil if all weigh the same
}

// draw returns a member, each as often as its weight says.
func (s *set) draw(random uint64) *member {
	if s.sums == nil {
		return s.members[below(random, len(s.members))]
	}
	at := fraction(random) * s.sums[len(s.sums)-1]
	i := sort.Search(len(s.sums), func(i int) bool { return s.sums[i] > at })
	return s.members[min(i, len(s.members)-1)]
}

// chooser is what the choosers have in common: members and random numbers.
type chooser struct {
	roster roster[member]
	set    atomic.Pointer[set]
	clock  clock
	source source
	total  atomic.Int64 // attempts in flight, of pickers that have a bound
	wrong  error        // with the picker's fields; does not change once there is a set
	even   bool         // all members weigh 1; of updates
	decay  float64      // of latencies, in seconds; does not change while there are members
}

// current returns the members to choose from, of which there is one at least,
// or the error of the pick.
func (c *chooser) current() (*set, error) {
	s := c.set.Load()
	switch {
	case s == nil:
		return nil, ErrNotReady
	case c.wrong != nil:
		return nil, c.wrong
	case len(s.members) == 0:
		return nil, ErrNotReady
	}
	return s, nil
}

// cold reports whether m is to be passed over this time, because it is new.
func (c *chooser) cold(m *member, now time.Duration, seed uint64) bool {
	if m.warming == nil {
		return false
	}
	scale := m.warming.scale(now)
	return scale < 1 && fraction(c.source.next(seed)) >= scale
}

func (c *chooser) newMember(n Node) *member {
	m := &member{node: n, chooser: c, warming: warmingOf(n), hash: identity(n)}
	m.weight.store(1)
	return m
}

// update takes nodes over.
func (c *chooser) update(nodes []Node) (changed bool, gone []*member) {
	before := c.roster.states
	gone = c.roster.update(nodes, c.newMember)
	members := c.roster.states
	weighed := c.weigh(members)
	if same(before, members) && !weighed && c.set.Load() != nil {
		return false, nil
	}
	s := &set{members: members}
	if !c.even {
		s.sums = make([]float64, len(members))
		sum := 0.0
		for i, m := range members {
			sum += m.weight.load()
			s.sums[i] = sum
		}
	}
	c.set.Store(s)
	return true, gone
}

// weigh reads the weights of the members' endpoints. It reports whether one has
// changed.
func (c *chooser) weigh(members []*member) (changed bool) {
	if len(members) == 0 {
		return false
	}
	total, first, even := 0.0, weightOf(members[0].node), true
	for _, m := range members {
		w := weightOf(m.node)
		total += w
		even = even && w == first
	}
	if even && c.even {
		return false // they have weighed 1 since they were made
	}
	c.even = even
	mean := total / float64(len(members))
	for _, m := range members {
		w := 1.0
		if !even {
			w = weightOf(m.node) / mean
		}
		if m.weight.store(w) {
			changed = true
		}
	}
	return changed
}
