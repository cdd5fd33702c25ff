// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/rpc"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/client"
)

func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // finds a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()

	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	served := make(chan error, 1)
	go func() { served <- serve(ctx, address) }()
	c, err := client.New(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var product Product
	if err := c.Call(ctx, "Arith.Multiply", Args{A: 7, B: 8}, &product); err != nil || product.C != 56 {
		t.Errorf("7 times 8 is %d, %v; want 56", product.C, err)
	}
	if product, err := fromNetRPC(address); err != nil || product != 56 {
		t.Errorf("by net/rpc 7 times 8 is %d, %v; want 56", product, err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// fromNetRPC calls the server by what the standard library has.
func fromNetRPC(address string) (int, error) {
	// [net-rpc]
	c, err := rpc.Dial("tcp", address) // package net/rpc
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var product Product
	err = c.Call("Arith.Multiply", &Args{7, 8}, &product)
	return product.C, err
	// [/net-rpc]
}
