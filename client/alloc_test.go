// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package client_test

import (
	"context"
	"net"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/server"
)

// TestAllocationsOfUnaryCall holds the budget of a warm unary native call, both
// sides together.
func TestAllocationsOfUnaryCall(t *testing.T) {
	type number struct{ N int }
	s, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Register(curlew.NewService("Test", curlew.Unary("Echo",
		func(ctx context.Context, in *number) (*number, error) { return in, nil }))); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	c, err := client.New(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	echo := curlew.Unary[number, number]("Test/Echo", nil)
	in, out := &number{7}, new(number)
	got := testing.AllocsPerRun(2000, func() {
		if err := c.Invoke(ctx, echo, in, out); err != nil || out.N != 7 {
			t.Fatal(out, err)
		}
	})
	const message = 1 // the request that the server decodes into
	if got -= message; got > 8 {
		t.Errorf("%.0f allocations for a warm unary call, both sides, want at most 8", got)
	}
	c.Close()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
