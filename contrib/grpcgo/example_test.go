// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo_test

import (
	"context"
	"fmt"
	"log"

	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
	"github.com/curlewrpc/curlew/server"
)

// A generated service on Curlew's server, and its generated client on Curlew's
// client. Both take any protocol: client.WithProtocol chooses it.
func Example() {
	services := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(services, &service{unary: echo})
	list, err := services.Services()
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.New()
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Register(list...); err != nil {
		log.Fatal(err)
	}
	if err := s.Listen(context.Background(), "localhost:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()

	c, err := client.New(s.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	test := testgrpc.NewTestServiceClient(grpcgo.NewConn(c))
	reply, err := test.UnaryCall(context.Background(), &testgrpc.SimpleRequest{Payload: body("hello")})
	fmt.Printf("%s %v\n", reply.GetPayload().GetBody(), err)

	c.Close()
	s.Shutdown(context.Background())
	fmt.Println(<-served)
	// Output:
	// hello <nil>
	// <nil>
}
