// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"iter"
	"maps"
)

// table holds the streams of a connection by id. Ids go up, and most streams
// are short, so that nearly all have the slot of their id to themselves; those
// that meet a slot that is taken go to a map. Guarded by the connection's mu.
type table struct {
	slots []*stream // a power of two, or none
	n     int       // streams in slots
	rest  map[uint64]*stream
}

const (
	minSlots  = 8
	maxSlots  = 4096
	idleSlots = 256 // kept while there are no streams
)

func (t *table) slot(id uint64) **stream { return &t.slots[id&uint64(len(t.slots)-1)] }

// get returns the stream with the id; nil if there is none.
func (t *table) get(id uint64) *stream {
	if t.n > 0 {
		if s := *t.slot(id); s != nil && s.id == id {
			return s
		}
	}
	return t.rest[id]
}

// put adds s, whose id is new.
func (t *table) put(s *stream) {
	if 4*t.n >= len(t.slots) && len(t.slots) < maxSlots {
		t.grow()
	}
	if at := t.slot(s.id); *at == nil {
		*at = s
		t.n++
		return
	}
	if t.rest == nil {
		t.rest = make(map[uint64]*stream)
	}
	t.rest[s.id] = s
}

func (t *table) grow() {
	old := t.slots
	t.slots, t.n = make([]*stream, max(minSlots, 2*len(old))), 0
	for _, s := range old {
		if s != nil { // no two can meet in a larger table that did not before
			*t.slot(s.id) = s
			t.n++
		}
	}
}

// remove removes the stream with the id, if it is there.
func (t *table) remove(id uint64) {
	if t.n > 0 {
		if at := t.slot(id); *at != nil && (*at).id == id {
			*at = nil
			if t.n--; t.n == 0 && len(t.slots) > idleSlots {
				t.slots = nil
			}
			return
		}
	}
	delete(t.rest, id)
}

// shrink keeps nothing while there are no streams.
func (t *table) shrink() {
	if t.n == 0 {
		t.slots = nil
	}
}

// all goes through the streams in no order.
func (t *table) all() iter.Seq[*stream] {
	return func(yield func(*stream) bool) {
		for _, s := range t.slots {
			if s != nil && !yield(s) {
				return
			}
		}
		for s := range maps.Values(t.rest) {
			if !yield(s) {
				return
			}
		}
	}
}
