// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import "testing"

func TestShares(t *testing.T) {
	for _, weights := range [][]int{{1}, {1, 1}, {1, 1, 1, 1, 1}, {3, 1}, {1, 2, 3, 4}, {100, 1, 1}, {0, 7, 1, 1, 1, 1, 50}} {
		list := fakes(len(weights), weights...)
		equal, shares := make([]float64, len(weights)), make([]float64, len(weights))
		for i, w := range weights {
			equal[i], shares[i] = 1, float64(max(w, 1))
		}
		for name, test := range map[string]struct {
			p      Picker
			shares []float64
		}{
			"RoundRobin":   {new(RoundRobin), equal},
			"Random":       {&Random{Seed: 1}, shares},
			"LeastRequest": {&LeastRequest{Seed: 1}, shares},
		} {
			test.p.Update(nodesOf(list))
			t.Run(name, func(t *testing.T) { checkShares(t, tally(t, test.p, 20_000), list, test.shares) })
		}
	}
}
