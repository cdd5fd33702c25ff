// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew/discovery"
)

type node struct {
	name  string
	state State
}

func (n *node) Endpoint() *discovery.Endpoint { return &discovery.Endpoint{Address: n.name} }
func (n *node) State() State                  { return n.state }
func (n *node) Connect()                      {}

func TestPickFirst(t *testing.T) {
	for _, test := range []struct {
		name   string
		states []State
		tried  []int
		want   int // -1: none
	}{
		{"no node", nil, nil, -1},
		{"nothing is known", []State{Idle, Idle}, nil, 0},
		{"connecting is waited for", []State{Connecting, Idle}, nil, 0},
		{"the ready one", []State{Idle, Ready, Ready}, nil, 1},
		{"failover", []State{Failing, Idle}, nil, 1},
		{"all fail", []State{Failing, Failing}, nil, -1},
		{"another than was tried", []State{Ready, Idle}, []int{0}, 1},
		{"another that is ready", []State{Ready, Idle, Ready}, []int{0}, 2},
		{"the only one, again", []State{Ready}, []int{0}, 0},
		{"a failing one is not better than one that was tried", []State{Ready, Failing}, []int{0}, 0},
		{"a ready one of those that were tried", []State{Idle, Ready}, []int{0, 1}, 1},
		{"an idle one that was tried", []State{Failing, Idle}, []int{0, 1}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			nodes := make([]Node, len(test.states))
			for i, s := range test.states {
				nodes[i] = &node{state: s}
			}
			var info Info
			for _, i := range test.tried {
				info.Tried = append(info.Tried, nodes[i])
			}
			p := new(PickFirst)
			p.Update(nodes)
			got, err := p.Pick(context.Background(), info)
			switch {
			case test.want < 0 && err != ErrNotReady:
				t.Errorf("got %v, %v, want ErrNotReady", got, err)
			case test.want >= 0 && (err != nil || got.Node != nodes[test.want]):
				t.Errorf("got %v, %v, want node %d", got, err, test.want)
			}
		})
	}
}

func TestPickFirstBeforeAnyUpdate(t *testing.T) {
	if _, err := new(PickFirst).Pick(context.Background(), Info{}); err != ErrNotReady {
		t.Errorf("got %v", err)
	}
}

func TestStateNames(t *testing.T) {
	for state, want := range map[State]string{Idle: "idle", Connecting: "connecting", Ready: "ready", Failing: "failing"} {
		if got := state.String(); got != want {
			t.Errorf("%d: %s, want %s", state, got, want)
		}
	}
}
