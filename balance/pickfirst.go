// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"sync/atomic"
)

// PickFirst sends all calls to one node: to the first that is ready, and while
// none is, to the first that does not fail. So a node that has failed and comes
// back does not take the calls back from the one that took over.
//
// The zero PickFirst is ready for use.
type PickFirst struct {
	nodes atomic.Pointer[[]Node]
}

// Update implements [Picker].
func (p *PickFirst) Update(nodes []Node) { p.nodes.Store(&nodes) }

// Pick implements [Picker].
func (p *PickFirst) Pick(_ context.Context, info Info) (Pick, error) {
	nodes := p.nodes.Load()
	if nodes == nil {
		return Pick{}, ErrNotReady
	}
	var fallback [3]Node // untried but not ready, tried and ready, tried and not ready
	for _, n := range *nodes {
		state, tried := n.State(), info.WasTried(n)
		switch {
		case state == Failing:
		case state == Ready && !tried:
			return Pick{Node: n}, nil
		case !tried:
			keep(&fallback[0], n)
		case state == Ready:
			keep(&fallback[1], n)
		default:
			keep(&fallback[2], n)
		}
	}
	for _, n := range fallback {
		if n != nil {
			return Pick{Node: n}, nil
		}
	}
	return Pick{}, ErrNotReady
}

// keep sets *p to n unless it is set.
func keep(p *Node, n Node) {
	if *p == nil {
		*p = n
	}
}
