// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/server"
)

type Factors struct{ A, B int }

type Product struct{ C int }

type Multiplier struct{}

func (Multiplier) Multiply(_ context.Context, in *Factors) (*Product, error) {
	return &Product{C: in.A * in.B}, nil
}

// A program that only serves calls ListenAndServe. This one wants to know its
// port, so it listens first.
func Example() {
	multiplier, err := curlew.Reflect(Multiplier{})
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.New()
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Register(multiplier); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	address := s.Addrs()[0].String()
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()

	c, err := client.New(address)
	if err != nil {
		log.Fatal(err)
	}
	var product Product
	if err := c.Call(ctx, "Multiplier.Multiply", &Factors{7, 8}, &product); err != nil {
		log.Fatal(err)
	}
	fmt.Println("7 times 8 is", product.C)
	c.Close()

	cancel() // drains, then Serve returns
	fmt.Println("served:", <-served)
	// Output:
	// 7 times 8 is 56
	// served: <nil>
}

// A registry in memory stands for etcd or another one: etcd.New(…) is a
// registrar, too.
func ExampleWithRegistrar() {
	registry := discoverytest.NewRegistry(10 * time.Second)
	s, err := server.New(server.WithRegistrar(registry.Connect(), "shop", discovery.Endpoint{Weight: 2, Zone: "eu-1a"}))
	if err != nil {
		log.Fatal(err)
	}
	// A SIGTERM ends ctx, and so the serving: the server leaves the registry,
	// drains, and reports.
	ctx, stop := server.NotifyShutdown(context.Background())
	defer stop()
	served := make(chan error)
	go func() { served <- s.ListenAndServe(ctx, "127.0.0.1:0") }()

	c, err := client.New("mem:///shop", client.WithResolver(registry.Connect()))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Connect(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("connected; registered:", len(registry.Endpoints("shop")))
	stop()
	fmt.Println("served:", <-served)
	fmt.Println("registered:", len(registry.Endpoints("shop")))
	// Output:
	// connected; registered: 1
	// served: <nil>
	// registered: 0
}
