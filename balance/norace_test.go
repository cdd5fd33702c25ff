// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package balance

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestPickDoesNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, p Picker) {
		list := fakes(30)
		list[3].set(Idle)
		p.Update(nodesOf(list))
		info := Info{Call: callOf("ada"), Now: start}
		attempt := func() {
			info.Now = info.Now.Add(time.Millisecond)
			if pick, err := p.Pick(context.Background(), info); err == nil {
				done(pick, Result{Now: info.Now, Duration: time.Millisecond})
			}
		}
		for range 200 {
			attempt() // feedback is made once for a node
		}
		info.Now = info.Now.Add(-200 * time.Millisecond) // without what is done now and then
		if n := testing.AllocsPerRun(100, attempt); n > 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// An update that changes nothing costs next to nothing.
func TestUpdateOfTheSameNodesDoesNotAllocate(t *testing.T) {
	for name, p := range map[string]Picker{"PeakEWMA": new(PeakEWMA), "Outlier": new(Outlier), "RingHash": &RingHash{Key: userKey}} {
		nodes := nodesOf(fakes(1000))
		p.Update(nodes)
		if n := testing.AllocsPerRun(10, func() { p.Update(nodes) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
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
