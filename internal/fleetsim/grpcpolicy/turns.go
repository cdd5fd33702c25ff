// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpolicy

import (
	"context"
	"math/rand/v2"

	"github.com/curlewrpc/curlew/balance"
)

// PickFirst is pick_first with shuffleAddressList (A62): the client calls the
// first server of a list that it has shuffled.
type PickFirst struct {
	random *rand.Rand
	at     balance.Node
}

// NewPickFirst returns a policy without servers.
func NewPickFirst(seed uint64) *PickFirst { return &PickFirst{random: random(seed)} }

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Update implements [balance.Picker]. A server that is still there is kept.
func (p *PickFirst) Update(nodes []balance.Node) {
	for _, n := range nodes {
		if n == p.at {
			return
		}
	}
	p.at = nil
	if len(nodes) > 0 {
		p.at = nodes[p.random.IntN(len(nodes))]
	}
}

// Pick implements [balance.Picker].
func (p *PickFirst) Pick(context.Context, balance.Info) (balance.Pick, error) {
	if p.at == nil {
		return balance.Pick{}, balance.ErrNotReady
	}
	return balance.Pick{Node: p.at}, nil
}

// RoundRobin is round_robin: the servers that are ready take turns, from any of
// them on.
type RoundRobin struct {
	random *rand.Rand
	nodes  []balance.Node
	turn   int
}

// NewRoundRobin returns a policy without servers.
func NewRoundRobin(seed uint64) *RoundRobin { return &RoundRobin{random: random(seed)} }

// Update implements [balance.Picker].
func (p *RoundRobin) Update(nodes []balance.Node) {
	p.nodes = nodes
	if len(nodes) > 0 {
		p.turn = p.random.IntN(len(nodes))
	}
}

// Pick implements [balance.Picker].
func (p *RoundRobin) Pick(context.Context, balance.Info) (balance.Pick, error) {
	if len(p.nodes) == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	p.turn = (p.turn + 1) % len(p.nodes)
	return balance.Pick{Node: p.nodes[p.turn]}, nil
}
