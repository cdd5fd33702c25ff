// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
)

// Picker chooses among the nodes of one service. It is safe for concurrent use.
type Picker interface {
	// Update gives the picker its nodes, in the resolver's order. A node that
	// was there before is the same value. The picker must not change the slice.
	// Updates come one after the other, beside any number of Picks.
	Update(nodes []Node)
	// Pick chooses a node for one attempt of a call. It does not wait.
	// [ErrNotReady] says that no node can take a call now: the client waits until
	// a node's state or the set of nodes changes, and picks again. Any other
	// error ends the call.
	Pick(ctx context.Context, info Info) (Pick, error)
}

// ErrNotReady says that no node can take a call now.
var ErrNotReady = errors.New("balance: no server is ready")

// Info is what a picker may decide by.
type Info struct {
	// Call is the call. A picker only reads it, and not after its Feedback is told.
	Call *curlew.Call
	// Tried holds the client's nodes at which earlier attempts of the call have
	// failed. Another node is better, but if there is none, they may be picked
	// again. [Info.WasTried] tells.
	Tried []Node
	// Now is the time of the pick. Pickers have no other clock.
	Now time.Time
}

// WasTried reports whether an earlier attempt of the call has failed at n, which
// may be a node that another picker has wrapped.
func (i *Info) WasTried(n Node) bool {
	if len(i.Tried) == 0 {
		return false
	}
	for {
		if slices.Contains(i.Tried, n) {
			return true
		}
		w, ok := n.(wrapper)
		if !ok {
			return false
		}
		n = w.Unwrap()
	}
}

// wrapper is a node of a picker that has another picker within.
type wrapper interface{ Unwrap() Node }

// Pick is a picker's decision.
type Pick struct {
	Node Node
	// Feedback is told how the attempt went, exactly once, if it is not nil.
	Feedback Feedback
}

// Feedback hears how attempts went. It is safe for concurrent use.
type Feedback interface {
	Done(r Result)
}

// Result is how an attempt went.
type Result struct {
	// Err is nil if the call was answered well.
	Err error
	// Duration is the time from the pick to the reply, for streams to the end.
	Duration time.Duration
	// Now is when the attempt ended.
	Now time.Time
	// Load is what the server has said of itself with the reply; nil if nothing.
	Load *Load
}

// Node is one server as a picker sees it. Clients implement it, by types that
// are comparable. A picker around another may give it nodes of its own, which
// have a method Unwrap() Node.
type Node interface {
	// Endpoint is what discovery knows of the server now. The caller must not
	// change it.
	Endpoint() *discovery.Endpoint
	// State says whether the server can be reached.
	State() State
	// Connect has a connection made in the background if there is none. It does
	// not wait, and does nothing while the node is not Idle.
	Connect()
}

// State is what is known of the way to a server.
type State uint8

const (
	// Idle means that there is no connection; a pick makes one.
	Idle State = iota
	// Connecting means that a connection is being made; a picked call waits.
	Connecting
	// Ready means that there is a connection.
	Ready
	// Failing means that the last try to connect has failed, and the next one is
	// some time away.
	Failing
)

// String returns "idle", "connecting", "ready" or "failing".
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Ready:
		return "ready"
	case Failing:
		return "failing"
	default:
		return "idle"
	}
}
