// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import "slices"

// roster keeps a state for each node, from the update that brings the node to
// the one that it is missing from. It belongs to whoever updates a picker.
type roster[S any] struct {
	nodes  []Node
	states []*S // of nodes; replaced, never changed, so that picks may read it
}

// update makes nodes the nodes, with new states from create, and returns the
// states of those that are gone. It takes time for each node only to compare
// it, as long as most nodes stand in the order that they stood in.
func (r *roster[S]) update(nodes []Node, create func(Node) *S) (gone []*S) {
	if slices.Equal(nodes, r.nodes) {
		r.nodes = nodes
		return nil
	}
	states := make([]*S, len(nodes))
	var fresh, left []int // positions in nodes, and in r.nodes
	i, j := 0, 0
	for i < len(nodes) && j < len(r.nodes) {
		switch {
		case nodes[i] == r.nodes[j]:
			states[i] = r.states[j]
			i, j = i+1, j+1
		case j+1 < len(r.nodes) && nodes[i] == r.nodes[j+1]:
			left = append(left, j)
			j++
		case i+1 < len(nodes) && nodes[i+1] == r.nodes[j]:
			fresh = append(fresh, i)
			i++
		default:
			fresh, left = append(fresh, i), append(left, j)
			i, j = i+1, j+1
		}
	}
	for ; i < len(nodes); i++ {
		fresh = append(fresh, i)
	}
	for ; j < len(r.nodes); j++ {
		left = append(left, j)
	}
	gone = r.settle(nodes, states, fresh, left, create)
	r.nodes, r.states = nodes, states
	return gone
}

// settle finds the states of fresh nodes among those of the ones left over,
// which have moved, or creates them.
func (r *roster[S]) settle(nodes []Node, states []*S, fresh, left []int, create func(Node) *S) (gone []*S) {
	var moved map[Node]*S
	if len(fresh) > 0 && len(left) > 0 {
		moved = make(map[Node]*S, len(left))
		for _, j := range left {
			moved[r.nodes[j]] = r.states[j]
		}
	}
	for _, i := range fresh {
		if s := moved[nodes[i]]; s != nil {
			states[i] = s
			delete(moved, nodes[i])
		} else {
			states[i] = create(nodes[i])
		}
	}
	for _, j := range left {
		if moved == nil || moved[r.nodes[j]] == r.states[j] {
			gone = append(gone, r.states[j])
		}
	}
	return gone
}

// same reports whether two rosters' states are the very same slice.
func same[S any](a, b []*S) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
