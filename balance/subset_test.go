// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
)

// subsetOf returns the nodes that a client sees.
func subsetOf(s *Subset, nodes []Node) map[Node]bool {
	var seen ownPicker
	s.Picker = &seen
	s.Update(nodes)
	set := make(map[Node]bool)
	for _, n := range seen.nodes {
		set[n] = true
	}
	return set
}

func TestSubsetsAreEven(t *testing.T) {
	for _, test := range []struct{ servers, clients, size int }{
		{100, 640, 20}, {300, 640, 20}, {97, 1000, 10}, {1000, 300, 30}, {12, 200, 3},
	} {
		nodes := nodesOf(fakes(test.servers))
		named, numbered := make(map[Node]int), make(map[Node]int)
		for c := range test.clients {
			for n := range subsetOf(&Subset{Name: fmt.Sprint("client-", c), Size: test.size}, nodes) {
				named[n]++
			}
			set := subsetOf(&Subset{Number: c + 1, Size: test.size}, nodes)
			if len(set) != test.size {
				t.Fatalf("a subset of %d", len(set))
			}
			for n := range set {
				numbered[n]++
			}
		}
		mean := float64(test.clients*test.size) / float64(test.servers)
		lots := float64((test.clients + lot - 1) / lot)
		for _, n := range nodes {
			if d := math.Abs(float64(named[n]) - mean); d > 4.5*math.Sqrt(mean) {
				t.Errorf("%+v: %d named clients, the mean is %.1f", test, named[n], mean)
			}
			if d := math.Abs(float64(numbered[n]) - mean); d > lots {
				t.Errorf("%+v: %d numbered clients, the mean is %.1f", test, numbered[n], mean)
			}
		}
	}
}

// A server that comes or goes moves few places, and the rest of the subset stays.
func TestSubsetsAreStable(t *testing.T) {
	all := nodesOf(fakes(201))
	for name, test := range map[string]struct {
		make    func(client int) *Subset
		most    int     // places that change for one client
		average float64 // for all
	}{
		"named":    {func(c int) *Subset { return &Subset{Name: fmt.Sprint(c)} }, 1, 0.2},
		"numbered": {func(c int) *Subset { return &Subset{Number: c + 1} }, 2, 1.2},
	} {
		changes := 0
		for c := range 200 {
			s := test.make(c)
			with, without := subsetOf(s, all), subsetOf(s, all[1:])
			changed := 0
			for n := range with {
				if !without[n] {
					changed++
				}
			}
			if changes += changed; changed > test.most {
				t.Errorf("%s: one server goes, and %d of 20 places change", name, changed)
			}
			again := subsetOf(s, all)
			for n := range with {
				if !again[n] {
					t.Errorf("%s: it comes back, and the subset is another", name)
				}
			}
		}
		if average := float64(changes) / 200; average > test.average {
			t.Errorf("%s: %.2f places change on average", name, average)
		}
	}
}

func TestSubsetsDoNotDependOnTheOrder(t *testing.T) {
	nodes := nodesOf(fakes(50))
	backwards := make([]Node, len(nodes))
	for i, n := range nodes {
		backwards[len(nodes)-1-i] = n
	}
	for n := range subsetOf(&Subset{Number: 7}, nodes) {
		if !subsetOf(&Subset{Number: 7}, backwards)[n] {
			t.Fatal("they do")
		}
	}
}

func TestSmallFleetIsItsOwnSubset(t *testing.T) {
	for _, n := range []int{0, 1, 5, 20} {
		if set := subsetOf(&Subset{Number: 70}, nodesOf(fakes(n))); len(set) != n {
			t.Errorf("%d of %d", len(set), n)
		}
	}
}

// While nothing in the subset can be reached, it grows.
func TestSubsetGrows(t *testing.T) {
	s := &Subset{Name: "me", Size: 3, Picker: &Random{Seed: 1}}
	list := fakes(40)
	s.Update(nodesOf(list))
	small := tally(t, s, 200)
	if len(small) != 3 {
		t.Fatalf("a subset of %d", len(small))
	}
	for n := range small {
		n.(*fake).set(Failing)
	}
	var callers sync.WaitGroup
	for range 20 { // no caller is told to wait for a change
		callers.Go(func() {
			if _, err := s.Pick(context.Background(), Info{Now: start}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if grown := tally(t, s, 200); len(grown) != 3 { // of six, of which three fail
		t.Errorf("%d others", len(grown))
	}
	for n := range small {
		n.(*fake).set(Ready)
	}
	s.Update(nodesOf(list))
	for n := range tally(t, s, 200) {
		if small[n] == 0 {
			t.Error("the subset has not become small again")
		}
	}
	for _, f := range list {
		f.set(Failing)
	}
	if _, err := s.Pick(context.Background(), Info{Now: start}); err != ErrNotReady {
		t.Errorf("got error %v", err)
	}
}
