// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package balance

import (
	"context"
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
