// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

type number = protoreflect.FieldNumber

// ranges are those of a message, whose ends are not included.
type ranges [][2]number

func (r ranges) Len() int            { return len(r) }
func (r ranges) Get(i int) [2]number { return r[i] }

func (r ranges) has(n int64) bool {
	return slices.ContainsFunc(r, func(x [2]number) bool { return int64(x[0]) <= n && n < int64(x[1]) })
}

// TestSpansWithout compares with sets of numbers.
func TestSpansWithout(t *testing.T) {
	const most = 20
	random := rand.New(rand.NewPCG(1, 2))
	some := func() ranges {
		var r ranges
		for range random.IntN(5) {
			first := random.Int32N(most)
			r = append(r, [2]number{number(first), number(first + 1 + random.Int32N(5))})
		}
		return r
	}
	for range 5000 {
		a, b := some(), some()
		got := spansOf(a).without(spansOf(b))
		if !slices.IsSortedFunc(got, func(x, y span) int { return int(x.first - y.first) }) {
			t.Fatalf("%v without %v is not in order: %v", a, b, got)
		}
		for n := range int64(most + 10) {
			want := a.has(n) && !b.has(n)
			if in := slices.ContainsFunc(got, func(s span) bool { return s.has(n) }); in != want {
				t.Fatalf("%v without %v is %v; %d in it: %t, want %t", a, b, got, n, in, want)
			}
		}
	}
}
