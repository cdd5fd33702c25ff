// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpolicy

import (
	"context"
	"math/rand/v2"

	"github.com/curlewrpc/curlew/balance"
)

// LeastRequest is least_request (A48) with its choice_count of 2: of two samples,
// which may be the same server, it takes the one with fewer calls in flight.
type LeastRequest struct {
	random *rand.Rand
	nodes  []*counted
}

const choiceCount = 2

// counted is a server and the calls in flight there.
type counted struct {
	node   balance.Node
	active int
}

// Done implements [balance.Feedback].
func (c *counted) Done(balance.Result) { c.active-- }

// NewLeastRequest returns a policy without servers.
func NewLeastRequest(seed uint64) *LeastRequest { return &LeastRequest{random: random(seed)} }

// Update implements [balance.Picker].
func (p *LeastRequest) Update(nodes []balance.Node) {
	known := make(map[balance.Node]*counted, len(p.nodes))
	for _, c := range p.nodes {
		known[c.node] = c
	}
	p.nodes = make([]*counted, len(nodes))
	for i, n := range nodes {
		if p.nodes[i] = known[n]; p.nodes[i] == nil {
			p.nodes[i] = &counted{node: n}
		}
	}
}

// Pick implements [balance.Picker].
func (p *LeastRequest) Pick(context.Context, balance.Info) (balance.Pick, error) {
	if len(p.nodes) == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	var candidate *counted
	for range choiceCount {
		sampled := p.nodes[p.random.IntN(len(p.nodes))]
		if candidate == nil || sampled.active < candidate.active {
			candidate = sampled
		}
	}
	candidate.active++
	return balance.Pick{Node: candidate.node, Feedback: candidate}, nil
}
