// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math"
	"testing"
	"time"
)

// After any number of rounds each node has had its share of the turns, but for
// one at most.
func TestWeightedRoundRobinIsSmooth(t *testing.T) {
	for _, weights := range [][]int{{5, 1, 1}, {1, 1, 1}, {1, 2, 3, 4, 5}, {10, 9, 8, 1}, {7}} {
		p := &WeightedRoundRobin{Seed: 3}
		list := fakes(len(weights), weights...)
		p.Update(nodesOf(list))
		most, sum := 0, 0
		for _, w := range weights {
			most, sum = max(most, w), sum+w
		}
		counts := make(map[Node]int)
		for turn := 1; turn <= 100*sum; turn++ {
			counts[mustPick(t, p, Info{}).Node]++
			for i, w := range weights {
				want := float64(turn) * float64(w) / float64(sum)
				if got := float64(counts[list[i]]); math.Abs(got-want) > 3 {
					t.Fatalf("weights %v: after %d turns node %d has had %v, its share is %.1f", weights, turn, i, got, want)
				}
			}
		}
	}
}

// Nodes of equal weight have their turns at different times.
func TestWeightedRoundRobinHasNoBursts(t *testing.T) {
	p := &WeightedRoundRobin{Seed: 3}
	list := fakes(9, 8)
	p.Update(nodesOf(list)) // half of the turns are the first node's
	run, longest := 0, 0
	for range 10_000 {
		if run++; mustPick(t, p, Info{}).Node != list[0] {
			run = 0
		}
		longest = max(longest, run)
	}
	if longest > 3 {
		t.Errorf("%d turns of one node in a row", longest)
	}
}

func TestWeightedRoundRobinWithSkewedWeights(t *testing.T) {
	weights := make([]int, 500)
	shares := make([]float64, 500)
	for i := range weights {
		weights[i], shares[i] = 1, 1
	}
	weights[7], shares[7] = 1000, 1000
	p := &WeightedRoundRobin{Seed: 3}
	list := fakes(len(weights), weights...)
	p.Update(nodesOf(list))
	turns := p.turn.Load()
	const picks = 30_000
	checkShares(t, tally(t, p, picks), list, shares)
	if steps := p.turn.Load() - turns; steps > 6*picks {
		t.Errorf("%d turns for %d picks", steps, picks)
	}
}

func TestWeightsChangeLive(t *testing.T) {
	for name, p := range map[string]Picker{
		"Random": &Random{Seed: 1}, "LeastRequest": &LeastRequest{Seed: 1}, "WeightedRoundRobin": &WeightedRoundRobin{Seed: 1},
	} {
		list := fakes(3)
		p.Update(nodesOf(list))
		checkShares(t, tally(t, p, 6000), list, []float64{1, 1, 1})
		list[2].weigh(4)
		p.Update(nodesOf(list))
		t.Run(name, func(t *testing.T) { checkShares(t, tally(t, p, 6000), list, []float64{1, 1, 4}) })
	}
}

func TestReportedWeights(t *testing.T) {
	p := &WeightedRoundRobin{Reported: true, Seed: 1}
	list := fakes(3)
	p.Update(nodesOf(list))
	loads := map[Node]*Load{
		list[0]: {QPS: 100, CPU: 0.25, Application: 0.5}, // 200
		list[1]: {QPS: 100, CPU: 1},                      // 100
	}
	now := start
	run := func(picks int, pause time.Duration) map[Node]int {
		counts := make(map[Node]int)
		for range picks {
			now = now.Add(pause)
			pick := mustPick(t, p, Info{Now: now})
			counts[pick.Node]++
			done(pick, Result{Now: now, Load: loads[pick.Node]})
		}
		return counts
	}
	equal := []float64{1, 1, 1}
	checkShares(t, run(900, 10*time.Millisecond), list, equal) // the blackout
	run(300, 10*time.Millisecond)
	checkShares(t, run(9000, time.Millisecond), list, []float64{200, 100, 150})
	loads[list[0]] = &Load{QPS: 100, Application: 0.5, EPS: 50} // 100
	run(2000, time.Millisecond)
	checkShares(t, run(9000, time.Millisecond), list, []float64{100, 100, 100})
	loads[list[0]].EPS = 0
	run(2000, time.Millisecond)
	clear(loads)
	now = now.Add(4 * time.Minute)
	checkShares(t, run(3000, time.Millisecond), list, equal) // they have expired
}

func TestReportsThatSayNothing(t *testing.T) {
	p := &WeightedRoundRobin{Reported: true}
	list := fakes(1)
	p.Update(nodesOf(list))
	pick, err := p.Pick(context.Background(), Info{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Result{{Now: start}, {Load: &Load{CPU: 1, QPS: 1}}, {Now: start, Load: &Load{CPU: 1}}, {Now: start, Load: &Load{QPS: 1}}} {
		pick.Feedback.Done(r)
	}
	if since := p.set.Load().members[0].report.since.Load(); since != 0 {
		t.Errorf("a report since %d", since)
	}
}
