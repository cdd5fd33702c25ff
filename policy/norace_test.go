// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package policy

import (
	"testing"

	"github.com/curlewrpc/curlew"
)

func TestLookupDoesNotAllocate(t *testing.T) {
	s, err := New(Rules{Methods: map[string]Method{"S/M": {Timeout: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	m := curlew.NewMethod("S/M", curlew.KindUnary)
	if n := testing.AllocsPerRun(100, func() { s.Method(m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
