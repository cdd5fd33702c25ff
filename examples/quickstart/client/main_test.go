// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
)

func TestMultiply(t *testing.T) {
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	err = s.Register(curlew.NewService("Arith", curlew.Unary("Multiply", func(_ context.Context, in *Args) (*Product, error) {
		return &Product{C: in.A * in.B}, nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	product, err := multiply(ctx, s.Addrs()[0].String(), 7, 8)
	if err != nil || product != 56 {
		t.Errorf("7 times 8 is %d, %v; want 56", product, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
