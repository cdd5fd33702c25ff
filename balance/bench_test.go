// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

const manyNodes = 5000

// churn returns what makes the i-th of many updates: in turn one node goes, and
// comes back.
func churn(p Picker, nodes []Node) func(i int) {
	return func(i int) {
		at := i / 2 * 7919 % len(nodes)
		if i%2 == 0 {
			p.Update(slices.Concat(nodes[:at], nodes[at+1:]))
		} else {
			p.Update(slices.Clone(nodes))
		}
	}
}

func forEach(b *testing.B, run func(b *testing.B, p Picker)) {
	all := pickers()
	delete(all, "PickFirst") // its picks look at all nodes until one is ready
	all["Maglev"] = &Maglev{Key: userKey, Seed: 1}
	all["Random"], all["LeastRequest"], all["PeakEWMA"] = new(Random), new(LeastRequest), new(PeakEWMA)
	for name, p := range all {
		b.Run(name, func(b *testing.B) { run(b, p) })
	}
}

func BenchmarkPick(b *testing.B) {
	forEach(b, func(b *testing.B, p Picker) {
		p.Update(nodesOf(fakes(manyNodes)))
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) { picks(p, pb.Next) })
	})
}

// picks makes attempts as long as it may.
func picks(p Picker, next func() bool) (n int) {
	info := Info{Call: callOf("ada"), Now: time.Now()}
	for ; next(); n++ {
		if pick, err := p.Pick(context.Background(), info); err == nil && pick.Feedback != nil {
			pick.Feedback.Done(Result{Now: info.Now, Duration: time.Millisecond})
		}
	}
	return n
}

// BenchmarkUpdate measures updates of 5,000 nodes of which one goes or comes.
func BenchmarkUpdate(b *testing.B) {
	forEach(b, func(b *testing.B, p Picker) {
		nodes := nodesOf(fakes(manyNodes))
		p.Update(nodes)
		update := churn(p, nodes)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			update(i)
		}
	})
}

// While 5,000 nodes are updated 1,000 times a second, picks go on: what one and
// its feedback take is printed, beside what it takes without updates.
func TestPicksUnderUpdates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second; run without -short")
	}
	for name, p := range map[string]Picker{
		"Default": Default(), "RoundRobin": new(RoundRobin), "WeightedRoundRobin": new(WeightedRoundRobin), "Random": new(Random),
		"LeastRequest": new(LeastRequest), "RingHash": &RingHash{Key: userKey}, "Maglev": &Maglev{Key: userKey},
	} {
		nodes := nodesOf(fakes(manyNodes))
		p.Update(nodes)
		pickFor(p, 20*time.Millisecond, nil) // feedback is made once for a node
		quiet, _ := pickFor(p, 60*time.Millisecond, nil)
		busy, updates := pickFor(p, 120*time.Millisecond, churn(p, nodes))
		t.Logf("%-18s %4d ns a pick, %4d ns under %d updates a second", name, quiet.Nanoseconds(), busy.Nanoseconds(), updates)
	}
}

// pickFor makes attempts for a while, and updates beside them, and returns the
// time for one attempt, and the updates a second.
func pickFor(p Picker, span time.Duration, update func(i int)) (each time.Duration, updates int) {
	var updater sync.WaitGroup
	stop := make(chan struct{})
	if update != nil {
		updater.Go(func() {
			ticker := time.NewTicker(time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
					update(updates)
					updates++
				case <-stop:
					return
				}
			}
		})
	}
	var rounds []time.Duration // of a few picks each: other processes fall into few of them
	begun := time.Now()
	for time.Since(begun) < span {
		round, i := time.Now(), 0
		picks(p, func() bool { i++; return i <= 200 })
		rounds = append(rounds, time.Since(round)/200)
	}
	took := time.Since(begun)
	close(stop)
	updater.Wait()
	slices.Sort(rounds)
	return rounds[len(rounds)/2], int(float64(updates) / took.Seconds())
}
