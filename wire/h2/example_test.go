// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h2"
)

// A listener of HTTP/2 connections, and a client's exchange with it. RPC
// protocols take the place of the handler, and make such exchanges.
func Example() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello from %s", r.URL.Path) })
	network := mem.New()
	listener, _ := network.Listen("server")
	source, _ := wire.NewListener(listener, wire.ListenerConfig{Framings: []wire.Framing{h2.New(nil, h2.WithHandler(hello))}})
	served := make(chan error, 1)
	go func() { served <- source.Serve(context.Background(), nil) }()

	ctx := context.Background()
	transport, err := h2.Dial(ctx, &wire.Remote{Address: "server", Dial: network.DialContext, Logger: slog.Default()})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := transport.Do(ctx, &wire.HTTPRequest{Method: "GET", Scheme: "http", Authority: "server", Path: "/curlew"})
	if err != nil {
		fmt.Println(err)
		return
	}
	x.CloseWrite()
	status, _, err := x.Response(ctx)
	buf := make([]byte, 100)
	n, _ := x.Read(ctx, buf)
	_, end := x.Read(ctx, buf)
	fmt.Println(status, err, string(buf[:n]), end == io.EOF)
	x.Reset(nil)

	transport.Close(nil)
	source.Close()
	<-served
	// Output: 200 <nil> hello from /curlew true
}
