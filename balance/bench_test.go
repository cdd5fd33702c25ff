// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"slices"
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
