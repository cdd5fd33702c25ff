// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package bufpool

import "testing"

func TestWarmGetAllocatesNothing(t *testing.T) {
	for _, n := range []int{100, 1000, 100_000, MaxSize} {
		Get(n).Free()
		if allocs := testing.AllocsPerRun(100, func() { Get(n).Free() }); allocs >= 1 {
			t.Errorf("Get(%d) and Free allocate %v times", n, allocs)
		}
	}
}

func TestBufferIsReused(t *testing.T) {
	for range 100 { // the collector may empty the pool at any moment
		b := Get(1000)
		array := &b.B[0]
		b.Free()
		c := Get(1001)
		reused := &c.B[0] == array
		c.Free()
		if reused {
			return
		}
	}
	t.Error("a freed buffer never came back")
}
