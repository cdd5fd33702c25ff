// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// Subset connects a client to some of many servers only, the same ones for as
// long as they are there, so that a large fleet does not hold a connection from
// each client to each server. It is one of two:
//
//   - Clients that have a Name only order the servers by a hash of both and take
//     the first (rendezvous hashing, as in gRFC A68). One server that comes or goes
//     changes one place in the subsets that it belongs to. Servers get unequal
//     numbers of clients, as by chance.
//   - Clients that have a Number too take neighbouring servers in an order that
//     they share with the others of their lot of 64, beginning at evenly spread
//     places. This is the deterministic subsetting of Google's SRE book (chapter
//     20) with lots of constant size, so that a server that comes or goes moves
//     subsets by two places and not all at once (P. Ward and others, "Reinventing
//     Backend Subsetting", ACM Queue 20(5), 2022). Within a lot, the numbers of
//     clients that servers have differ by at most one.
//
// If no server of the subset can take a call, the subset grows until one can; the
// next update that finds one ready makes it small again. Weights do not count
// for who is in a subset.
type Subset struct {
	// Picker chooses among the subset: that of [Default].
	Picker Picker
	// Size is the number of servers in a subset: 20.
	Size int
	// Name tells the client from others, and should outlive its process: the name
	// of its host or pod. It is required without a Number.
	Name string
	// Number is the client's place among all clients, counted from 1.
	Number int

	begun atomic.Bool // there was an update
	wrong error       // with the fields; set once, before begun

	size atomic.Int64 // of the subset now; set under mu

	mu     sync.Mutex // guards the rest; picks take it only to let the subset grow
	roster roster[candidate]
	sorted []*candidate // by rank
	order  []*candidate // from the first that the client wants
}

// candidate is a node that may be in the subset.
type candidate struct {
	node Node
	rank uint64 // in the order of the client or its lot
	gone bool
}

// lot is how many clients share an order of the servers.
const lot = 64

func (s *Subset) check() error {
	err := errors.Join(positive("Subset.Size", s.Size))
	if s.Number < 0 {
		err = errors.Join(err, fmt.Errorf("balance: Subset.Number is %d; clients are counted from 1", s.Number))
	}
	if s.Name == "" && s.Number == 0 {
		err = errors.Join(err, errors.New("balance: Subset needs the client's Name or Number, without which all clients take the same servers"))
	}
	return err
}

// Update implements [Picker].
func (s *Subset) Update(nodes []Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun.Load() {
		s.wrong = wrong(s.check())
		if s.Picker == nil {
			s.Picker = Default()
		}
		s.size.Store(int64(or(s.Size, 20)))
	}
	if s.begun.Store(true); s.wrong != nil {
		return
	}
	s.sort(nodes)
	size := or(s.Size, 20)
	if int(s.size.Load()) > size && slices.ContainsFunc(s.order[:min(size, len(s.order))], (*candidate).ready) {
		s.size.Store(int64(size))
	}
	s.pass()
}

func (c *candidate) ready() bool { return c.node.State() == Ready }

// key is what the order of the servers follows from.
func (s *Subset) key() uint64 {
	if s.Number > 0 {
		return mix(uint64((s.Number-1)/lot) + golden)
	}
	return hash(s.Name)
}

// sort takes nodes over. Most of them are in their order already. mu is held.
func (s *Subset) sort(nodes []Node) {
	before, key := s.roster.states, s.key()
	gone := s.roster.update(nodes, func(n Node) *candidate {
		c := &candidate{node: n, rank: mix(identity(n) ^ key)}
		s.sorted = append(s.sorted, c)
		return c
	})
	if same(before, s.roster.states) {
		return
	}
	for _, c := range gone {
		c.gone = true
	}
	if len(gone) > 0 {
		s.sorted = slices.DeleteFunc(s.sorted, func(c *candidate) bool { return c.gone })
	}
	slices.SortFunc(s.sorted, func(a, b *candidate) int { return cmp.Compare(a.rank, b.rank) })
	s.order = s.sorted
	if s.Number > 0 {
		place := bits.Reverse8(uint8((s.Number-1)%lot)) >> 2 // of 64, so that few clients are spread evenly too
		at := int(place) * len(s.sorted) / lot
		s.order = slices.Concat(s.sorted[at:], s.sorted[:at])
	}
}

// pass gives the subset to the picker within. mu is held.
func (s *Subset) pass() {
	subset := make([]Node, min(int(s.size.Load()), len(s.order)))
	for i := range subset {
		subset[i] = s.order[i].node
	}
	s.Picker.Update(subset)
}

// Pick implements [Picker].
func (s *Subset) Pick(ctx context.Context, info Info) (Pick, error) {
	if !s.begun.Load() {
		return Pick{}, ErrNotReady
	}
	if s.wrong != nil {
		return Pick{}, s.wrong
	}
	for {
		size := s.size.Load()
		pick, err := s.Picker.Pick(ctx, info)
		if err == nil || !errors.Is(err, ErrNotReady) || !s.grow(size) {
			return pick, err
		}
	}
}

// grow doubles the subset if it still has the size with which a pick failed, and
// reports whether another pick may do better.
func (s *Subset) grow(size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.size.Load() != size:
		return true
	case int(size) >= len(s.order):
		return false
	}
	s.size.Store(min(2*size, int64(len(s.order))))
	s.pass()
	return true
}
