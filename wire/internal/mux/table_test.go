// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

type stream struct{ id uint64 }

// tabled is a table beside a map that says what should be in it.
type tabled struct {
	t    *testing.T
	tab  Table[stream]
	want map[uint64]*stream
	next [2]uint64 // the next even and the next odd id
}

func (x *tabled) put(side int, skip uint64) uint64 {
	s := &stream{id: x.next[side] + 2*skip}
	x.next[side] = s.id + 2
	x.tab.Put(s.id, s)
	x.want[s.id] = s
	return s.id
}

func (x *tabled) remove(id uint64) {
	x.tab.Remove(id)
	delete(x.want, id)
	if s := x.tab.Get(id); s != nil {
		x.t.Errorf("stream %d is there after its removal", id)
	}
}

// check compares all of it, and looks for ids that are not there.
func (x *tabled) check() {
	x.t.Helper()
	found := make(map[uint64]*stream)
	for s := range x.tab.All() {
		if found[s.id] != nil {
			x.t.Errorf("all gives stream %d twice", s.id)
		}
		found[s.id] = s
	}
	if !maps.Equal(found, x.want) || x.tab.n+len(x.tab.rest) != len(x.want) {
		x.t.Errorf("%d streams, counted as %d+%d; want %d", len(found), x.tab.n, len(x.tab.rest), len(x.want))
	}
	for id, s := range x.want {
		if x.tab.Get(id) != s {
			x.t.Errorf("get(%d) gives another stream", id)
		}
	}
	for id := range uint64(20) {
		if x.want[id] == nil && x.tab.Get(id) != nil {
			x.t.Errorf("get(%d) gives a stream that was never put", id)
		}
	}
	n := len(x.tab.slots)
	if n&(n-1) != 0 || n > maxSlots {
		x.t.Errorf("%d slots", n)
	}
	if len(x.want) == 0 && n > idleSlots {
		x.t.Errorf("%d slots for no streams", n)
	}
}

func TestTable(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		x := &tabled{t: t, want: make(map[uint64]*stream), next: [2]uint64{2, 1}}
		x.check()
		x.remove(7) // of an empty table
		var long []uint64
		for phase := range 6 {
			for range 1 + random.IntN(20) { // they stay while ids go round
				long = append(long, x.put(random.IntN(2), uint64(random.IntN(9))))
			}
			most := 1 << random.IntN(14)
			var short []uint64
			for i := range 6000 {
				if len(short) < most && random.IntN(3) > 0 {
					skip := uint64(0)
					if random.IntN(50) == 0 {
						skip = uint64(random.IntN(2 * maxSlots))
					}
					short = append(short, x.put(random.IntN(2), skip))
				} else if len(short) > 0 {
					at := 0
					if random.IntN(2) == 0 {
						at = random.IntN(len(short))
					}
					x.remove(short[at])
					x.remove(short[at]) // once more does nothing
					short = slices.Delete(short, at, at+1)
				}
				if i%997 == 0 {
					x.check()
				}
			}
			for _, id := range short {
				x.remove(id)
			}
			x.check()
			if phase%2 == 1 {
				for _, id := range long {
					x.remove(id)
				}
				long = nil
				x.check()
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Streams that live long meet those whose ids are the same in the low bits.
func TestTableCollisions(t *testing.T) {
	x := &tabled{t: t, want: make(map[uint64]*stream), next: [2]uint64{2, 1}}
	for range 2 * maxSlots {
		x.put(1, maxSlots/2-1) // all odd ids with the same slot
	}
	x.check()
	if x.tab.n != 1 || len(x.tab.slots) > maxSlots {
		t.Errorf("%d streams in %d slots, want 1", x.tab.n, len(x.tab.slots))
	}
	for id := range x.want {
		x.remove(id)
	}
	x.check()
	x.put(0, 0)
	x.put(1, 0)
	x.check()
}

func BenchmarkTable(b *testing.B) {
	const inFlight = 64
	streams := make([]stream, inFlight)
	b.Run("table", func(b *testing.B) {
		var t Table[stream]
		id := uint64(1)
		b.ReportAllocs()
		for b.Loop() {
			s := &streams[id/2%inFlight]
			t.Remove(s.id)
			s.id = id
			t.Put(s.id, s)
			t.Get(id)
			id += 2
		}
	})
	b.Run("map", func(b *testing.B) { // what it is to be better than
		t := make(map[uint64]*stream)
		id := uint64(1)
		b.ReportAllocs()
		for b.Loop() {
			s := &streams[id/2%inFlight]
			delete(t, s.id)
			s.id = id
			t[id] = s
			_ = t[id]
			id += 2
		}
	})
}
