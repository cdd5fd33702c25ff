// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package balance

import (
	"context"
	"testing"
)

func TestPickDoesNotAllocate(t *testing.T) {
	p := NewPickFirst()
	p.Update([]Node{&node{state: Idle}, &node{state: Ready}})
	if n := testing.AllocsPerRun(100, func() { p.Pick(context.Background(), Info{}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
