// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/examples/internal/tcptest"
)

func TestMultiply(t *testing.T) {
	address := tcptest.Serve(t, curlew.NewService("Arith", curlew.Unary("Multiply", func(_ context.Context, in *Args) (*Product, error) {
		return &Product{C: in.A * in.B}, nil
	})))
	product, err := multiply(t.Context(), address, 7, 8)
	if err != nil || product != 56 {
		t.Errorf("7 times 8 is %d, %v; want 56", product, err)
	}
}
