// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpolicy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
)

type server struct{ endpoint discovery.Endpoint }

func (s *server) Endpoint() *discovery.Endpoint { return &s.endpoint }
func (s *server) State() balance.State          { return balance.Ready }
func (s *server) Connect()                      {}

func servers(n int) []balance.Node {
	nodes := make([]balance.Node, n)
	for i := range nodes {
		nodes[i] = &server{discovery.Endpoint{Address: fmt.Sprintf("10.0.0.%d:80", i)}}
	}
	return nodes
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// pick picks at a time, and tells the picker the result.
func pick(t *testing.T, p balance.Picker, at time.Duration, result func(balance.Node) balance.Result) balance.Node {
	t.Helper()
	got, err := p.Pick(context.Background(), balance.Info{Now: start.Add(at)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Feedback != nil {
		r := result(got.Node)
		r.Now = start.Add(at)
		got.Feedback.Done(r)
	}
	return got.Node
}

func well(balance.Node) balance.Result { return balance.Result{} }

func TestNobodyThere(t *testing.T) {
	for _, p := range []balance.Picker{
		NewPickFirst(1), NewRoundRobin(1), NewLeastRequest(1), NewWeightedRoundRobin(1), NewOutlierDetection(NewRoundRobin(1)),
	} {
		p.Update(nil)
		if _, err := p.Pick(context.Background(), balance.Info{Now: start}); !errors.Is(err, balance.ErrNotReady) {
			t.Errorf("%T: %v, want ErrNotReady", p, err)
		}
	}
}

func TestPickFirst(t *testing.T) {
	nodes, p := servers(5), NewPickFirst(1)
	p.Update(nodes)
	first := pick(t, p, 0, well)
	p.Update(nodes[1:])
	p.Update(nodes)
	if again := pick(t, p, 0, well); first != nodes[0] && again != first {
		t.Error("a server that is still there was left")
	}
}

func TestRoundRobin(t *testing.T) {
	nodes, p := servers(5), NewRoundRobin(1)
	p.Update(nodes)
	count := make(map[balance.Node]int)
	for range 50 {
		count[pick(t, p, 0, well)]++
	}
	for _, n := range nodes {
		if count[n] != 10 {
			t.Errorf("%d of 50 for one of 5 servers", count[n])
		}
	}
}

func TestLeastRequest(t *testing.T) {
	nodes, p := servers(2), NewLeastRequest(1)
	p.Update(nodes)
	for range 100 { // none of them ends
		if _, err := p.Pick(context.Background(), balance.Info{Now: start}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := p.nodes[0].active, p.nodes[1].active; a+b != 100 || max(a, b)-min(a, b) > 20 {
		t.Errorf("%d and %d calls in flight", a, b)
	}
	p.Update([]balance.Node{nodes[1], nodes[0]})
	if p.nodes[0].node != nodes[1] || p.nodes[0].active == 0 {
		t.Error("an update has lost the count")
	}
}

func TestWeightedRoundRobin(t *testing.T) {
	nodes, p := servers(3), NewWeightedRoundRobin(1)
	p.Update(nodes)
	// The first two say that they could do 100 and 300 calls a second.
	said := func(n balance.Node) balance.Result {
		switch n {
		case nodes[0]:
			return balance.Result{Load: &balance.Load{CPU: 0.5, QPS: 50}}
		case nodes[1]:
			return balance.Result{Load: &balance.Load{CPU: 0.4, QPS: 150, EPS: 15}}
		}
		return balance.Result{}
	}
	shares := func(from, to time.Duration) [3]float64 {
		count, all := make(map[balance.Node]float64), 0.0
		for at := from; at < to; at += time.Millisecond {
			count[pick(t, p, at, said)]++
			all++
		}
		return [3]float64{count[nodes[0]] / all, count[nodes[1]] / all, count[nodes[2]] / all}
	}
	expect := func(what string, got, want [3]float64) {
		t.Helper()
		for i := range got {
			if math.Abs(got[i]-want[i]) > 0.02 {
				t.Errorf("%s: shares of %.3f, want %.3f", what, got, want)
				return
			}
		}
	}
	expect("in the blackout", shares(0, 9*time.Second), [3]float64{1. / 3, 1. / 3, 1. / 3})
	shares(9*time.Second, 12*time.Second)
	// 100 and 150 / (0.4 + 0.1) = 300; the third has their mean.
	expect("after it", shares(12*time.Second, 20*time.Second), [3]float64{1. / 6, 3. / 6, 2. / 6})
	said = well
	shares(20*time.Second, 21*time.Second)
	expect("expired", shares(202*time.Second, 204*time.Second), [3]float64{1. / 3, 1. / 3, 1. / 3})
}

func TestOutlierDetection(t *testing.T) {
	nodes := servers(10)
	p := NewOutlierDetection(NewRoundRobin(1))
	p.Update(nodes)
	broken := true
	result := func(n balance.Node) balance.Result {
		if n == nodes[3] && broken {
			return balance.Result{Err: errors.New("broken")}
		}
		return balance.Result{}
	}
	count := func(from, to time.Duration) (n int) {
		for at := from; at < to; at += 10 * time.Millisecond { // 10 calls a second each
			if pick(t, p, at, result) == nodes[3] {
				n++
			}
		}
		return n
	}
	if n := count(0, 10*time.Second); n != 100 {
		t.Fatalf("%d calls before the first sweep", n)
	}
	broken = false
	if n := count(10*time.Second, 40*time.Second); n != 0 {
		t.Errorf("%d calls while it is ejected", n)
	}
	if n := count(50*time.Second, 60*time.Second); n != 100 {
		t.Errorf("%d calls after its return", n)
	}
	broken = true
	count(60*time.Second, 71*time.Second)
	p.Update(nodes)
	if !p.byNode[nodes[3]].ejected {
		t.Error("it is not ejected, or an update has forgotten that")
	}
}

// TestMostAreNotEjected: a tenth of the servers is ejected, but one at least.
func TestMostAreNotEjected(t *testing.T) {
	nodes := servers(10)
	p := NewOutlierDetection(NewRoundRobin(1))
	p.Update(nodes)
	for at := time.Duration(0); at < 11*time.Second; at += 10 * time.Millisecond {
		pick(t, p, at, func(n balance.Node) balance.Result {
			if n == nodes[0] || n == nodes[1] || n == nodes[2] {
				return balance.Result{Err: errors.New("broken")}
			}
			return balance.Result{}
		})
	}
	ejected := 0
	for _, e := range p.entries {
		if e.ejected {
			ejected++
		}
	}
	if ejected != 1 {
		t.Errorf("%d of 10 are ejected, want 1", ejected)
	}
}
