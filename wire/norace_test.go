// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package wire_test

import (
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// TestHandlerContextIsFree looks at a call that asks for what most ask for.
func TestHandlerContextIsFree(t *testing.T) {
	in, _ := incoming(t, time.Now().Add(time.Hour))
	allocs := testing.AllocsPerRun(100, func() {
		ctx := in.HandlerContext()
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil || curlew.CallFrom(ctx) != &in.Call {
			t.Fatal("not the call's context")
		}
	})
	assert.Equal(t, allocs, 0.0, "allocations")
}
