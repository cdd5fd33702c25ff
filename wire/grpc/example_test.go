// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpc_test

import (
	"context"
	"fmt"
	"net"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

type Args struct{ A, B int }

type Product struct{ C int }

// Servers and clients are mostly made by packages server and client; this is
// what they put together.
func Example() {
	d, err := dispatch.New(dispatch.Config{})
	if err != nil {
		panic(err)
	}
	defer d.Shutdown(context.Background())
	multiply := func(_ context.Context, in *Args) (*Product, error) { return &Product{in.A * in.B}, nil }
	if err := d.Register(curlew.NewService("Arith", curlew.Unary("Multiply", multiply))); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	protocol := grpc.NewServer([]curlew.Codec{proto.New()})
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{h2.New([]wire.HTTPProtocol{protocol})}})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- source.Serve(ctx, d) }()

	address := l.Addr().String()
	session, err := grpc.NewClient(h2.Dial, proto.New()).Connect(ctx, &wire.Remote{
		Network: "tcp", Address: address, Authority: address, Dial: new(net.Dialer).DialContext,
	})
	if err != nil {
		panic(err)
	}
	var product Product
	err = wire.NewCaller(session).Invoke(ctx, curlew.Unary[Args, Product]("Arith/Multiply", nil), &Args{6, 9}, &product)
	fmt.Println(product.C, err)

	session.Close(nil)
	stop()
	<-served
	// Output: 54 <nil>
}
