// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
)

const keys = 20_000

var calls = func() []*curlew.Call {
	list := make([]*curlew.Call, keys)
	for i := range list {
		list[i] = callOf(fmt.Sprint("user-", i))
	}
	return list
}()

// owners returns who gets each key.
func owners(t *testing.T, p Picker, now time.Time) []Node {
	t.Helper()
	list := make([]Node, keys)
	for i, call := range calls {
		pick := mustPick(t, p, Info{Call: call, Now: now})
		list[i] = pick.Node
		done(pick, Result{})
	}
	return list
}

func countOf(list []Node) map[Node]int {
	counts := make(map[Node]int)
	for _, n := range list {
		counts[n]++
	}
	return counts
}

// moved returns how many keys have another owner, without those that n had or has.
func moved(before, after []Node, n Node) (others int) {
	for i := range before {
		if before[i] != after[i] && before[i] != n && after[i] != n {
			others++
		}
	}
	return others
}

func byKey() map[string]func() Picker {
	return map[string]func() Picker{
		"RingHash": func() Picker { return &RingHash{Key: userKey, Seed: 1} },
		"Maglev":   func() Picker { return &Maglev{Key: userKey, Seed: 1} },
	}
}

func TestKeysAreSpread(t *testing.T) {
	for name, deviation := range map[string]float64{"RingHash": 0.35, "Maglev": 0.12} {
		p := byKey()[name]()
		list := fakes(20)
		p.Update(nodesOf(list))
		for i, n := range countsOf(countOf(owners(t, p, start)), list) {
			if d := math.Abs(float64(n)/(keys/20) - 1); d > deviation {
				t.Errorf("%s: node %d has %d keys, %.0f %% off", name, i, n, 100*d)
			}
		}
		list[3].weigh(4)
		p.Update(nodesOf(list))
		n := countOf(owners(t, p, start.Add(time.Second)))[list[3]]
		if share := float64(n) / keys; math.Abs(share/(4.0/23)-1) > deviation {
			t.Errorf("%s: a node of weight 4 has %.3f of the keys, want %.3f", name, share, 4.0/23)
		}
	}
}

// A node that leaves or fails moves its own keys, and on Maglev a few of others;
// when it is back, all is as it was.
func TestFewKeysMove(t *testing.T) {
	for name, others := range map[string]int{"RingHash": 0, "Maglev": keys * 3 / 100} {
		t.Run(name, func(t *testing.T) {
			p := byKey()[name]()
			list := fakes(20)
			p.Update(nodesOf(list))
			before := owners(t, p, start)
			list[5].set(Failing)
			if n := moved(before, owners(t, p, start), list[5]); n != 0 {
				t.Errorf("%d keys of others move when a node fails", n)
			}
			list[5].set(Ready)
			now := start.Add(time.Second)
			owners(t, p, now)
			p.Update(nodesOf(slices.Delete(slices.Clone(list), 5, 6)))
			after := owners(t, p, now)
			if slices.Contains(after, Node(list[5])) {
				t.Error("a node that is gone has keys")
			}
			if n := moved(before, after, list[5]); n > others {
				t.Errorf("%d of %d keys of others move when a node goes", n, keys)
			}
			p.Update(nodesOf(list))
			if got := owners(t, p, now.Add(time.Second)); !slices.Equal(got, before) {
				t.Error("not all keys are back")
			}
		})
	}
}

// Clients agree, whatever the order of nodes and how they came to them.
func TestClientsAgree(t *testing.T) {
	for name, make := range byKey() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			list := nodesOf(fakes(40))
			p := make()
			now := start
			for range 60 {
				r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				p.Update(slices.Clone(list[:10+r.IntN(30)]))
				now = now.Add(time.Second)
				mustPick(t, p, Info{Now: now})
			}
			p.Update(slices.Clone(list))
			now = now.Add(time.Second)
			mustPick(t, p, Info{Now: now})
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			other := make()
			other.Update(list)
			if !slices.Equal(owners(t, p, now), owners(t, other, now)) {
				t.Error("they do not")
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	for name, make := range byKey() {
		p := make()
		list := fakes(4)
		p.Update(nodesOf(list))
		if counts := tally(t, p, 1000); len(counts) != 4 {
			t.Errorf("%s: calls without a key go to %d of 4 nodes", name, len(counts))
		}
	}
}

// However hot a key is, no node has more than its bound in flight, and no call is
// refused.
func TestBoundedLoad(t *testing.T) {
	for name, p := range map[string]Picker{
		"RingHash": &RingHash{Key: userKey, LoadFactor: 1.25, Seed: 1},
		"Maglev":   &Maglev{Key: userKey, LoadFactor: 1.25, Seed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			list := fakes(10)
			p.Update(nodesOf(list))
			r := rand.New(rand.NewPCG(2, 2))
			inflight := make(map[Node]int)
			var open []Pick
			for range 20_000 {
				if len(open) > 200 || len(open) > 0 && r.IntN(3) == 0 {
					i := r.IntN(len(open))
					inflight[open[i].Node]--
					done(open[i], Result{})
					open = slices.Delete(open, i, i+1)
					continue
				}
				call := calls[r.IntN(3)] // three users make all calls
				bound := math.Ceil(1.25 * float64(len(open)+1) / 10)
				pick := mustPick(t, p, Info{Call: call, Now: start})
				open = append(open, pick)
				if inflight[pick.Node]++; float64(inflight[pick.Node]) > bound {
					t.Fatalf("%d of %d attempts at one node, the bound is %v", inflight[pick.Node], len(open), bound)
				}
			}
		})
	}
}

// Keys that are not hot stay, though there is a bound.
func TestBoundedLoadKeepsAffinity(t *testing.T) {
	p := &RingHash{Key: userKey, LoadFactor: 2, Seed: 1}
	free := &RingHash{Key: userKey, Seed: 1}
	nodes := nodesOf(fakes(10))
	p.Update(nodes)
	free.Update(nodes)
	if !slices.Equal(owners(t, p, start), owners(t, free, start)) {
		t.Error("keys move without load")
	}
}

// Under a storm of updates the table is made ten times a second, and picks are
// right all the same.
func TestMaglevUnderManyUpdates(t *testing.T) {
	p := &Maglev{Key: userKey, Size: 10007, Seed: 1}
	list := nodesOf(fakes(100))
	p.Update(list)
	tables, last, now := 0, p.table.Load(), start
	for i := range 2000 {
		now = now.Add(time.Millisecond)
		current := append(append([]Node(nil), list[:i%100]...), list[i%100+1:]...)
		p.Update(current)
		pick := mustPick(t, p, Info{Call: calls[i], Now: now})
		if pick.Node == list[i%100] {
			t.Fatal("a node that is gone is picked")
		}
		if table := p.table.Load(); table != last {
			tables, last = tables+1, table
		}
	}
	if tables < 15 || tables > 60 {
		t.Errorf("%d tables in 2 s", tables)
	}
	p.Update(list)
	for _, wait := range []time.Duration{0, 300 * time.Millisecond} {
		mustPick(t, p, Info{Call: calls[0], Now: now.Add(wait)})
	}
	if p.stale.Load() {
		t.Error("the last update is not in the table")
	}
}

func TestMaglevWhenAllAreReplaced(t *testing.T) {
	p := &Maglev{Key: userKey, Size: 10007, Seed: 1}
	list := fakes(40)
	p.Update(nodesOf(list[:20]))
	owners(t, p, start)
	p.Update(nodesOf(list[20:]))
	if (*p.table.Load())[0].gone.Load() {
		t.Error("the table is of the nodes that have gone")
	}
	if counts := countOf(owners(t, p, start)); len(counts) != 20 {
		t.Errorf("%d of 20 nodes have keys", len(counts))
	}
}

func TestHashingNeedsAKey(t *testing.T) {
	for _, p := range []Picker{new(RingHash), new(Maglev)} {
		p.Update(nodesOf(fakes(2)))
		if _, err := p.Pick(context.Background(), Info{}); err == nil || err == ErrNotReady {
			t.Errorf("%T: got error %v", p, err)
		}
	}
}

// A pick that meets the first update half done waits for the rest.
func TestPickDuringTheFirstUpdate(t *testing.T) {
	ring, maglev := &RingHash{Key: userKey}, &Maglev{Key: userKey}
	ring.update(nodesOf(fakes(2)))
	maglev.update(nodesOf(fakes(2)))
	for _, p := range []Picker{ring, maglev} {
		if _, err := p.Pick(context.Background(), Info{}); err != ErrNotReady {
			t.Errorf("%T: got %v", p, err)
		}
	}
}
