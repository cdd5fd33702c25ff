// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package migrate_test

import (
	"context"
	"errors"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/migrate"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// multiply calls Arith by a client of net/rpc.
func multiply(t *testing.T, c *rpc.Client, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var product int
	if err := c.Call("Arith.Multiply", &migrate.Args{A: 7, B: 8}, &product); err != nil || product != 56 {
		t.Errorf("7 times 8 is %d, %v; want 56", product, err)
	}
}

// TestOldClients: clients of net/rpc notice no difference.
func TestOldClients(t *testing.T) {
	l := listen(t)
	address := l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- migrate.After(ctx, l) }()

	c, err := rpc.DialHTTP("tcp", address)
	multiply(t, c, err)
	c, err = rpc.Dial("tcp", address)
	multiply(t, c, err)
	c, err = jsonrpc.Dial("tcp", address)
	multiply(t, c, err)

	c, err = rpc.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var q migrate.Quotient
	err = c.Call("Arith.Divide", &migrate.Args{A: 1}, &q)
	if _, ok := errors.AsType[rpc.ServerError](err); !ok || err.Error() != "divide by zero" {
		t.Errorf("1 divided by 0 gives %#v, want an rpc.ServerError that says divide by zero", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// TestNewClient calls an old server, and then the new one, whose protocol is
// the one difference.
func TestNewClient(t *testing.T) {
	l := listen(t)
	go migrate.Before(l) // ends when the test closes l
	// [new-client]
	c, err := client.New(l.Addr().String(), client.WithProtocol(netrpc.NewHTTP("")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var product int
	err = c.Call(t.Context(), "Arith.Multiply", &migrate.Args{A: 7, B: 8}, &product)
	// [/new-client]
	if err != nil || product != 56 {
		t.Errorf("7 times 8 is %d, %v; want 56", product, err)
	}

	l = listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- migrate.After(ctx, l) }()
	c, err = client.New(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var q migrate.Quotient
	err = c.Call(t.Context(), "Arith.Divide", &migrate.Args{A: 1}, &q)
	if !errors.Is(err, curlew.InvalidArgument) {
		t.Errorf("1 divided by 0 gives %v, want invalid_argument", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
