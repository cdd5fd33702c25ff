// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSpansWithout compares with sets of numbers.
func TestSpansWithout(t *testing.T) {
	const most = 20
	random := rand.New(rand.NewPCG(1, 2))
	some := func() spans {
		var s spans
		for range random.IntN(5) {
			first := random.Int64N(most)
			s = append(s, span{first, first + random.Int64N(5)})
		}
		return s
	}
	in := func(s spans, n int64) bool {
		return slices.ContainsFunc(s, func(r span) bool { return r.has(n) })
	}
	for range 5000 {
		a, b := some(), some()
		got := slices.Clone(a).joined().without(slices.Clone(b).joined())
		if !slices.IsSortedFunc(got, func(x, y span) int { return int(x.first - y.first) }) {
			t.Fatalf("%v without %v is not in order: %v", a, b, got)
		}
		for n := range int64(most + 10) {
			if want := in(a, n) && !in(b, n); in(got, n) != want {
				t.Fatalf("%v without %v is %v; %d in it: %t, want %t", a, b, got, n, !want, want)
			}
		}
	}
}
