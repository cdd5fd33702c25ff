// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
)

// random is a picker of one's own: it picks any node that does not fail.
type random struct {
	nodes atomic.Pointer[[]balance.Node]
}

func (r *random) Update(nodes []balance.Node) { r.nodes.Store(&nodes) }

func (r *random) Pick(context.Context, balance.Info) (balance.Pick, error) {
	nodes := r.nodes.Load()
	if nodes == nil {
		return balance.Pick{}, balance.ErrNotReady
	}
	for range *nodes {
		if n := (*nodes)[rand.IntN(len(*nodes))]; n.State() != balance.Failing {
			return balance.Pick{Node: n}, nil
		}
	}
	return balance.Pick{}, balance.ErrNotReady
}

type server struct{ address string }

func (s server) Endpoint() *discovery.Endpoint { return &discovery.Endpoint{Address: s.address} }
func (s server) State() balance.State          { return balance.Ready }
func (s server) Connect()                      {}

// A client takes a picker by client.WithPicker.
func ExamplePicker() {
	p := new(random)
	p.Update([]balance.Node{server{"10.0.0.1:80"}})
	pick, err := p.Pick(context.Background(), balance.Info{})
	fmt.Println(pick.Node.Endpoint().Address, err)
	// Output: 10.0.0.1:80 <nil>
}
