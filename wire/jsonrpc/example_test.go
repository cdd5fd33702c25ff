// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc_test

import (
	"context"
	"fmt"
	"log"
	"net"
	gojson "net/rpc/jsonrpc"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire/jsonrpc"
)

// Go's own client and Curlew's call the same server.
func Example() {
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	arith, err := curlew.Reflect(Arith{})
	check(err)
	s, err := server.New() // it speaks JSON-RPC beside all else
	check(err)
	check(s.Register(arith))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()

	theirs, err := gojson.Dial("tcp", l.Addr().String())
	check(err)
	var product int
	check(theirs.Call("Arith.Multiply", &Args{7, 8}, &product))
	fmt.Println(product)
	check(theirs.Close())

	ours, err := client.New(l.Addr().String(), client.WithProtocol(jsonrpc.New(jsonrpc.Version2)))
	check(err)
	fmt.Println(ours.Call(ctx, "Arith.Divide", &Args{7, 0}, new(Reply)))
	check(ours.Close())

	stop()
	check(<-served)
	// Output:
	// 56
	// divide by zero
}
