// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
)

// fake is a node whose state and endpoint a test sets.
type fake struct {
	endpoint atomic.Pointer[discovery.Endpoint]
	state    atomic.Uint32
	asked    atomic.Int32 // to connect
}

func (f *fake) Endpoint() *discovery.Endpoint { return f.endpoint.Load() }
func (f *fake) State() State                  { return State(f.state.Load()) }
func (f *fake) Connect()                      { f.asked.Add(1) }

func (f *fake) set(s State) { f.state.Store(uint32(s)) }

// weigh gives the node another weight, as discovery does: by a new endpoint.
func (f *fake) weigh(w int) {
	e := *f.endpoint.Load()
	e.Weight = w
	f.endpoint.Store(&e)
}

// newFake returns a node that is ready.
func newFake(e discovery.Endpoint) *fake {
	f := new(fake)
	f.endpoint.Store(&e)
	f.set(Ready)
	return f
}

// fakes returns n nodes that are ready, of the weights given and else of 1.
func fakes(n int, weights ...int) []*fake {
	list := make([]*fake, n)
	for i := range list {
		e := discovery.Endpoint{Address: fmt.Sprintf("10.0.%d.%d:80", i/256, i%256)}
		if i < len(weights) {
			e.Weight = weights[i]
		}
		list[i] = newFake(e)
	}
	return list
}

func nodesOf(list []*fake) []Node {
	nodes := make([]Node, len(list))
	for i, f := range list {
		nodes[i] = f
	}
	return nodes
}

// start is when the virtual time of tests begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func mustPick(t testing.TB, p Picker, info Info) Pick {
	t.Helper()
	pick, err := p.Pick(context.Background(), info)
	if err != nil {
		t.Fatalf("pick: %v", err)
	}
	return pick
}

func done(p Pick, r Result) {
	if p.Feedback != nil {
		p.Feedback.Done(r)
	}
}

// tally picks n times, each attempt done at once, and counts by node.
func tally(t testing.TB, p Picker, n int) map[Node]int {
	t.Helper()
	counts := make(map[Node]int)
	for range n {
		pick := mustPick(t, p, Info{Now: start})
		counts[pick.Node]++
		done(pick, Result{})
	}
	return counts
}

// checkShares fails unless the counts fit the shares by the chi-square test at
// a level of about one in ten thousand.
func checkShares(t testing.TB, counts map[Node]int, list []*fake, shares []float64) {
	t.Helper()
	total, sum := 0, 0.0
	for i, f := range list {
		total += counts[f]
		sum += shares[i]
	}
	chi := 0.0
	for i, f := range list {
		want := shares[i] / sum * float64(total)
		if want == 0 {
			if counts[f] != 0 {
				t.Errorf("node %d: picked %d times, want never", i, counts[f])
			}
			continue
		}
		d := float64(counts[f]) - want
		chi += d * d / want
	}
	// The Wilson-Hilferty approximation of the quantile.
	k := float64(max(len(list)-1, 1))
	limit := k * math.Pow(1-2/(9*k)+3.72*math.Sqrt(2/(9*k)), 3)
	if chi > limit {
		t.Errorf("chi-square %.1f, want at most %.1f: %v of %v", chi, limit, countsOf(counts, list), shares)
	}
}

func countsOf(counts map[Node]int, list []*fake) []int {
	all := make([]int, len(list))
	for i, f := range list {
		all[i] = counts[f]
	}
	return all
}

// each runs a test with every picker of the package.
func each(t *testing.T, test func(t *testing.T, p Picker)) {
	for name, p := range pickers() {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

func pickers() map[string]Picker {
	return map[string]Picker{
		"PickFirst":    new(PickFirst),
		"RoundRobin":   new(RoundRobin),
		"Random":       &Random{Seed: 1},
		"LeastRequest": &LeastRequest{Seed: 1},
		"PeakEWMA":     &PeakEWMA{Seed: 1},
		"Default":      Default(),

		"WeightedRoundRobin": &WeightedRoundRobin{Seed: 1},
		"by reports":         &WeightedRoundRobin{Reported: true, Seed: 1},
		"RingHash":           &RingHash{Key: userKey, Seed: 1},
		"bounded RingHash":   &RingHash{Key: userKey, LoadFactor: 1.25, Seed: 1},
		"Maglev":             &Maglev{Key: userKey, Size: 1009, Seed: 1},
		"bounded Maglev":     &Maglev{Key: userKey, Size: 1009, LoadFactor: 1.25, Seed: 1},
		"Zone":               &Zone{Local: "a", Seed: 1},
		"Subset":             &Subset{Name: "me", Size: 7},
		"numbered Subset":    &Subset{Number: 100, Size: 7},
		"SlowStart":          new(SlowStart),
		"all":                &Outlier{Picker: &SlowStart{Picker: &Zone{Local: "a", New: func() Picker { return &Subset{Name: "me", Size: 50} }}}},
	}
}

// userKey is the key of the tests.
var userKey = HeaderKey("user")

// callOf returns a call of a user.
func callOf(user string) *curlew.Call {
	call := new(curlew.Call)
	var o curlew.CallOptions
	o.Header.Set("user", user)
	call.BeginClient(context.Background(), new(curlew.Method), &o, nil, nil)
	return call
}

// broken is an error that says something of the server.
var broken = curlew.NewError(curlew.Unavailable, "broken").WithOrigin(curlew.OriginTransport)
