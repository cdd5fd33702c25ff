// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

import "iter"

// Table holds the streams of a connection by id. Ids go up, and most streams
// are short, so that nearly all have the slot of their id to themselves; those
// that meet a slot that is taken go to a map. The zero Table is empty.
type Table[T any] struct {
	slots []slot[T] // a power of two, or none
	n     int       // streams in slots
	rest  map[uint64]*T
}

type slot[T any] struct {
	id uint64
	s  *T
}

const (
	minSlots  = 8
	maxSlots  = 4096
	idleSlots = 256 // kept while there are no streams
)

func (t *Table[T]) slot(id uint64) *slot[T] { return &t.slots[id&uint64(len(t.slots)-1)] }

// Len is the number of streams.
func (t *Table[T]) Len() int { return t.n + len(t.rest) }

// Cap is how many slots there are.
func (t *Table[T]) Cap() int { return len(t.slots) }

// Get returns the stream with the id; nil if there is none.
func (t *Table[T]) Get(id uint64) *T {
	if t.n > 0 {
		if at := t.slot(id); at.s != nil && at.id == id {
			return at.s
		}
	}
	return t.rest[id]
}

// Put adds s, whose id is new.
func (t *Table[T]) Put(id uint64, s *T) {
	if 4*t.n >= len(t.slots) && len(t.slots) < maxSlots {
		t.grow()
	}
	if at := t.slot(id); at.s == nil {
		*at = slot[T]{id, s}
		t.n++
		return
	}
	if t.rest == nil {
		t.rest = make(map[uint64]*T)
	}
	t.rest[id] = s
}

func (t *Table[T]) grow() {
	old := t.slots
	t.slots, t.n = make([]slot[T], max(minSlots, 2*len(old))), 0
	for _, o := range old {
		if o.s != nil { // no two can meet in a larger table that did not before
			*t.slot(o.id) = o
			t.n++
		}
	}
}

// Remove removes the stream with the id, if it is there.
func (t *Table[T]) Remove(id uint64) {
	if t.n > 0 {
		if at := t.slot(id); at.s != nil && at.id == id {
			*at = slot[T]{}
			if t.n--; t.n == 0 && len(t.slots) > idleSlots {
				t.slots = nil
			}
			return
		}
	}
	delete(t.rest, id)
}

// Shrink keeps nothing while there are no streams.
func (t *Table[T]) Shrink() {
	if t.n == 0 {
		t.slots = nil
	}
}

// All goes through the streams in no order.
func (t *Table[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, at := range t.slots {
			if at.s != nil && !yield(at.s) {
				return
			}
		}
		for _, s := range t.rest {
			if !yield(s) {
				return
			}
		}
	}
}
