// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math/rand/v2"
	"testing"
)

// Whatever happens to the nodes, each keeps its state as long as it stays.
func TestRosterKeepsStates(t *testing.T) {
	type state struct{ node Node }
	r := rand.New(rand.NewPCG(1, 2))
	all := nodesOf(fakes(60))
	var list roster[state]
	states := make(map[Node]*state)
	nodes := all[:30:30]
	for step := range 3000 {
		switch r.IntN(6) {
		case 0:
			r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		case 1:
			nodes = nil
		case 2:
			nodes = append([]Node(nil), all[r.IntN(30):30+r.IntN(30)]...)
		default: // a few go, and a few come
			kept := make([]Node, 0, len(nodes))
			in := make(map[Node]bool)
			for _, n := range nodes {
				if r.IntN(15) != 0 {
					kept, in[n] = append(kept, n), true
				}
			}
			for range r.IntN(4) {
				if n := all[r.IntN(len(all))]; !in[n] {
					at := r.IntN(len(kept) + 1)
					kept = append(kept[:at], append([]Node{n}, kept[at:]...)...)
					in[n] = true
				}
			}
			nodes = kept
		}
		created := 0
		gone := list.update(append([]Node(nil), nodes...), func(n Node) *state { created++; return &state{n} })
		if len(list.states) != len(nodes) {
			t.Fatalf("step %d: %d states for %d nodes", step, len(list.states), len(nodes))
		}
		for i, n := range nodes {
			s := list.states[i]
			if s.node != n {
				t.Fatalf("step %d: node %d has the state of another", step, i)
			}
			if old := states[n]; old != nil && old != s {
				t.Fatalf("step %d: node %d has lost its state", step, i)
			} else if old == nil {
				created--
			}
			states[n] = s
		}
		if created != 0 {
			t.Fatalf("step %d: %d states made for nothing", step, created)
		}
		for _, s := range gone {
			if states[s.node] != s {
				t.Fatalf("step %d: gone is what was not there", step)
			}
			delete(states, s.node)
		}
		if len(states) != len(nodes) {
			t.Fatalf("step %d: %d states are left, of %d nodes", step, len(states), len(nodes))
		}
	}
}
