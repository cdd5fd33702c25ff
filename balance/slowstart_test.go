// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"testing"
	"time"
)

func TestSlowStart(t *testing.T) {
	for name, within := range map[string]func() Picker{
		"Random":             func() Picker { return &Random{Seed: 1} },
		"WeightedRoundRobin": func() Picker { return &WeightedRoundRobin{Seed: 1} },
		"LeastRequest":       func() Picker { return &LeastRequest{Seed: 1} },
		"in an Outlier":      func() Picker { return &Outlier{Picker: &Random{Seed: 1}} },
	} {
		for _, aggression := range []float64{1, 2} {
			t.Run(name, func(t *testing.T) {
				p := &SlowStart{Picker: within(), Aggression: aggression}
				list := fakes(10)
				p.Update(nodesOf(list[:9]))
				share := func(after time.Duration) float64 {
					const n = 10_000
					count := 0
					for range n {
						pick := mustPick(t, p, Info{Now: start.Add(after)})
						if pick.Node == list[9] {
							count++
						}
						done(pick, Result{})
					}
					return float64(count) / n
				}
				if got := share(0); got != 0 {
					t.Fatalf("a share of %v before it is there", got)
				}
				p.Update(nodesOf(list))
				for _, after := range []time.Duration{0, 7500 * time.Millisecond, 15 * time.Second, 30 * time.Second, time.Minute} {
					scale := min(1, max(0.1, math.Pow(after.Seconds()/30, 1/aggression)))
					want := scale / (9 + scale)
					if got := share(after); math.Abs(got-want) > 0.012 {
						t.Errorf("aggression %v, after %v: a share of %.3f, want %.3f", aggression, after, got, want)
					}
				}
			})
		}
	}
}

func TestTheFirstNodesAreNotNew(t *testing.T) {
	p := &SlowStart{Picker: &Random{Seed: 1}}
	list := fakes(3, 1, 2, 3)
	p.Update(nodesOf(list))
	checkShares(t, tally(t, p, 5000), list, []float64{1, 2, 3})
}

func TestSlowStartAfterFailure(t *testing.T) {
	p := &SlowStart{Picker: &Random{Seed: 1}}
	list := fakes(2)
	p.Update(nodesOf(list))
	tally(t, p, 100)
	list[0].set(Failing)
	tally(t, p, 100)
	list[0].set(Ready)
	tally(t, p, 100)
	if got := tally(t, p, 5000)[list[0]]; got > 800 || got < 200 {
		t.Errorf("%d of 5000 for a node that has just come back", got)
	}
}

// Under load, what a new node has in flight is its part too.
func TestSlowStartUnderLoad(t *testing.T) {
	p := &SlowStart{Picker: &LeastRequest{Seed: 1}}
	list := fakes(10)
	p.Update(nodesOf(list[:9]))
	p.Update(nodesOf(list))
	for range 100 { // it is met, and begins
		done(mustPick(t, p, Info{Now: start}), Result{})
	}
	counts := make(map[Node]int)
	for range 950 { // none is done
		counts[mustPick(t, p, Info{Now: start.Add(15 * time.Second)}).Node]++
	}
	if n := counts[list[9]]; n < 35 || n > 55 {
		t.Errorf("%d attempts in flight at a node that has half of its share, want about 50", n)
	}
}
