// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/forward"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
)

func Example() {
	network := mem.New()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 2)
	start := func(address string, s *server.Server, err error) {
		if err != nil {
			panic(err)
		}
		l, err := network.Listen(address)
		if err != nil {
			panic(err)
		}
		go func() { served <- s.ServeListener(ctx, l) }()
	}

	// A server that has the method, and one that sends on what it has not.
	far, err := server.New()
	if err == nil {
		err = far.Register(curlew.NewService("Notes", curlew.Unary("Echo", func(_ context.Context, in *Note) (*Note, error) { return in, nil })))
	}
	start("far:80", far, err)
	next, err := client.New("far:80", client.WithDialer(network.DialContext))
	if err != nil {
		panic(err)
	}
	near, err := server.New(server.WithFallback(forward.To(next)))
	start("near:80", near, err)

	c, err := client.New("near:80", client.WithDialer(network.DialContext))
	if err != nil {
		panic(err)
	}
	var reply Note
	err = c.Call(ctx, "Notes.Echo", &Note{"a call from afar"}, &reply)
	fmt.Println(reply.Text, err)

	c.Close()
	stop()
	<-served
	<-served
	next.Close()
	// Output: a call from afar <nil>
}
