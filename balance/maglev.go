// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// Maglev sends calls with the same key to the same node, as long as that is
// ready, by a table that the nodes fill in turn (D. Eisenbud and others, "Maglev:
// A Fast and Reliable Software Network Load Balancer", 2016, section 3.4). Nodes
// get their shares of the keys more exactly than on a [RingHash], but a node that
// comes or goes moves a few keys of others too. Clients with the same nodes agree.
// A call without a key goes to any node.
//
// While a node is not ready, its keys spread over the others. The table is made
// ten times a second at most, unless most nodes have gone: for so long a node may
// be new and get no keys.
type Maglev struct {
	// Key is required.
	Key func(*curlew.Call) string
	// Size is the length of the table: 65537. It must be a prime, and at most
	// 5000011. A hundred times the number of nodes is plenty.
	Size int
	// LoadFactor bounds what hot keys do to a node: it gets at most this many times
	// the mean of the attempts in flight, and the rest goes to others
	// ("Consistent Hashing with Bounded Loads", 2016; 1.25 is usual). 0 means no
	// bound.
	LoadFactor float64
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	chooser
	table atomic.Pointer[[]*member]
	stale atomic.Bool
	now   atomic.Int64 // of a recent pick
	made  atomic.Int64 // when the table was
	lost  int          // members of the table that are gone; of Update

	mu sync.Mutex // held to make a table; picks only try it
}

const (
	maglevSize    = 65537
	maxMaglevSize = 5000011
	// An update makes a table this long after the last; later, a pick does.
	maglevInterval = 100 * time.Millisecond
)

// Update implements [Picker].
func (p *Maglev) Update(nodes []Node) {
	if p.set.Load() == nil {
		p.wrong = wrong(errors.Join(checkHashing("Maglev", p.Key, p.LoadFactor), p.checkSize()))
	}
	changed, gone := p.update(nodes)
	if !changed || p.wrong != nil {
		return
	}
	for _, m := range gone {
		m.gone.Store(true)
	}
	p.stale.Store(true)
	if p.lost += len(gone); p.table.Load() == nil || 4*p.lost > 3*len(nodes) || p.now.Load()-p.made.Load() >= int64(maglevInterval) {
		p.mu.Lock()
		p.make(p.now.Load())
		p.mu.Unlock()
		p.lost = 0
	}
}

func (p *Maglev) checkSize() error {
	if p.Size == 0 {
		return nil
	}
	if p.Size < 2 || p.Size > maxMaglevSize {
		return fmt.Errorf("balance: Maglev.Size is %d; it must be a prime of at most %d", p.Size, maxMaglevSize)
	}
	for d := 2; d*d <= p.Size; d++ {
		if p.Size%d == 0 {
			return fmt.Errorf("balance: Maglev.Size %d is no prime: it is %d times %d", p.Size, d, p.Size/d)
		}
	}
	return nil
}

// make fills a table with the current members. mu is held.
func (p *Maglev) make(now int64) {
	p.stale.Store(false)
	p.made.Store(now)
	members := slices.Clone(p.set.Load().members)
	if len(members) == 0 {
		p.table.Store(&members)
		return
	}
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.hash, b.hash) })
	weights := make([]float64, len(members))
	for i, m := range members {
		weights[i], m.filled = m.weight.load(), 0
	}
	size := uint64(or(p.Size, maglevSize))
	turns, table := newSchedule(members, weights), make([]*member, size)
	for turn, filled := uint64(0), uint64(0); filled < size; turn++ {
		m := turns.at(turn)
		if m == nil {
			continue
		}
		offset, skip := m.hash%size, mix(m.hash)%(size-1)+1
		at := (offset + m.filled*skip) % size
		for ; table[at] != nil; at = (offset + m.filled*skip) % size {
			m.filled++
		}
		table[at] = m
		m.filled++
		filled++
	}
	p.table.Store(&table)
}

// Pick implements [Picker].
func (p *Maglev) Pick(_ context.Context, info Info) (Pick, error) {
	s, err := p.current()
	if err != nil {
		return Pick{}, err
	}
	p.refresh(int64(p.clock.at(info.Now)))
	made := p.table.Load()
	if made == nil {
		return Pick{}, ErrNotReady // the first update is under way
	}
	table := *made
	place := p.place(p.Key, info.Call, p.Seed)
	bound := p.bound(p.LoadFactor, len(s.members))
	var l shortlist
	for try := uint64(0); try < maxProbes && len(table) > 0; try++ {
		m := table[mix(place+try*golden)%uint64(len(table))]
		if !m.gone.Load() && !m.full(bound) && l.visit(m, &info) {
			return p.placed(m, bound)
		}
	}
	return p.placed(l.scan(s.members, below(place, len(s.members)), &info), bound)
}

// refresh makes the table if it has been stale for a while and no update came
// that did. One caller does it; the others go on with the table there is.
func (p *Maglev) refresh(now int64) {
	if now-p.now.Load() > int64(coarse) {
		p.now.Store(now)
	}
	if p.stale.Load() && now-p.made.Load() >= 2*int64(maglevInterval) && p.mu.TryLock() {
		if p.stale.Load() {
			p.make(now)
		}
		p.mu.Unlock()
	}
}

// maxProbes bounds how many places of the table a pick looks at before it looks
// at all nodes.
const maxProbes = 32
