// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// member is what a chooser keeps of a node. Its address is what feedback types
// point to. What most picks use stands first, within a cache line.
type member struct {
	node    Node
	chooser *chooser
	warming *warming     // nil without a SlowStart around
	weight  number       // of the endpoint, 1 is the mean
	pending atomic.Int64 // attempts that are not done
	latency latency      // of a PeakEWMA

	hash   uint64      // tells the node from others, in all processes alike
	report report      // of a WeightedRoundRobin
	points int         // on a RingHash, for updates only
	filled uint64      // in the permutation of a Maglev, while its table is made
	gone   atomic.Bool // of a Maglev: removed by an update
	_      [16]byte    // to whole cache lines
}

// load is the attempts in flight for the member's weight.
func (m *member) load(now time.Duration) float64 {
	weight := m.weight.load()
	if m.warming != nil {
		weight *= m.warming.scale(now)
	}
	return float64(m.pending.Load()) / weight
}

// weightOf returns the weight of a node's endpoint.
func weightOf(n Node) float64 { return float64(max(n.Endpoint().Weight, 1)) }

// number is a float64 that is read and written atomically.
type number struct{ bits atomic.Uint64 }

func (n *number) load() float64 { return math.Float64frombits(n.bits.Load()) }

// store sets n, without a write if it is x.
func (n *number) store(x float64) (changed bool) {
	if n.load() == x {
		return false
	}
	n.bits.Store(math.Float64bits(x))
	return true
}

// inFlight is the feedback of choosers that count attempts.
type inFlight member

func (f *inFlight) Done(Result) { f.pending.Add(-1) }

func (f *inFlight) perNode() {}

// perNode is implemented by feedback of which there is one value for a node, so
// that wrappers need not make anything for each pick.
type perNode interface {
	Feedback
	perNode()
}

// timed reports whether a call's duration is its server's latency. That of a
// stream is not, nor that of a call that waits for no reply.
func timed(call *curlew.Call) bool {
	return call == nil || call.Method().Kind() == curlew.KindUnary && !call.Options().OneWay
}
