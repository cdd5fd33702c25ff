// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package schema_test

import (
	"testing"

	"github.com/curlewrpc/curlew/schema"
)

// TestAllocations holds the codec to what the values themselves need.
func TestAllocations(t *testing.T) {
	plain, _ := bothAPIs()
	typ := compile[API](t)
	in, err := typ.Append(nil, plain)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 4096)
	small, ints := compile[args](t), compile[[]int32](t)
	numbers := make([]int32, 100)
	packed, err := ints.Append(nil, &numbers)
	if err != nil {
		t.Fatal(err)
	}
	scalars, decoded := new(args), new(API)
	two, twoJSON := []byte{8, 7, 16, 8}, []byte(`{"A":7,"B":8}`)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		most float64
		run  func()
	}{
		{"append", 0, func() { _, err := typ.Append(buf, plain); must(err) }},
		{"size", 0, func() { _, err := typ.Size(plain); must(err) }},
		{"append JSON", 0, func() { _, err := typ.AppendJSON(buf, plain); must(err) }},
		{"decode scalars", 0, func() { must(small.Decode(two, scalars)) }},
		{"decode a packed list", 1, func() { must(ints.Decode(packed, &numbers)) }},
		// 5 methods and 15 strings of theirs, 10 of mixins, 4 others; the slices grow 4 times each
		{"decode", 42, func() { must(typ.Decode(in, decoded)) }},
		{"decode JSON scalars", 1, func() { must(small.DecodeJSON(twoJSON, scalars, schema.JSONOptions{})) }},
	} {
		if got := testing.AllocsPerRun(100, c.run); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.most)
		}
	}
}
