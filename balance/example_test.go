// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

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

// Half of the servers of a zone fail, and calls of its clients go to the other
// zone in part.
func ExampleZone() {
	p := &balance.Zone{Local: "eu-1a", Seed: 1}
	p.Update([]balance.Node{
		place{"10.1.0.1:80", "eu-1a", balance.Ready}, place{"10.1.0.2:80", "eu-1a", balance.Failing},
		place{"10.2.0.1:80", "eu-1b", balance.Ready}, place{"10.2.0.2:80", "eu-1b", balance.Ready},
	})
	calls := make(map[string]int)
	for range 300 {
		pick, err := p.Pick(context.Background(), balance.Info{Now: time.Now()})
		if err != nil {
			fmt.Println(err)
			return
		}
		calls[pick.Node.Endpoint().Zone]++
		pick.Feedback.Done(balance.Result{Now: time.Now()})
	}
	fmt.Println("about 200 of 300 stay:", calls["eu-1a"] > 180 && calls["eu-1a"] < 220)
	// Output: about 200 of 300 stay: true
}

// place is a node of a zone.
type place struct {
	address, zone string
	state         balance.State
}

func (p place) Endpoint() *discovery.Endpoint {
	return &discovery.Endpoint{Address: p.address, Zone: p.zone}
}
func (p place) State() balance.State { return p.state }
func (p place) Connect()             {}
