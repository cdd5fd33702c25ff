// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/h1"
)

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
	protocol := connect.NewServer([]curlew.Codec{json.New(), proto.New()})
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{h1.New([]wire.HTTPProtocol{protocol})}})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- source.Serve(ctx, d) }()

	// Any HTTP client will do.
	address := l.Addr().String()
	client := &http.Client{Transport: new(http.Transport)}
	response, err := client.Post("http://"+address+"/Arith/Multiply", "application/json", strings.NewReader(`{"A":7,"B":8}`))
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(response.Body)
	fmt.Println(string(body), err)
	response.Body.Close()
	client.CloseIdleConnections()

	// This is our own.
	session, err := connect.NewClient(h1.Dial, proto.New()).Connect(ctx, &wire.Remote{
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
	// Output:
	// {"C":56} <nil>
	// 54 <nil>
}
