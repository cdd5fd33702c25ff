// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"fmt"
	"log"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
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
