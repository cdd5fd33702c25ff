// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command user is a first program: a server and a client of plain Go methods.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/server"
)

type Args struct{ A, B int }

type Product struct{ C int }

type Arith struct{}

func (Arith) Multiply(_ context.Context, in *Args) (*Product, error) {
	return &Product{C: in.A * in.B}, nil
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	arith, err := curlew.Reflect(Arith{})
	if err != nil {
		return err
	}
	s, err := server.New()
	if err != nil {
		return err
	}
	if err := s.Register(arith); err != nil {
		return err
	}
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	defer func() { err = errors.Join(err, s.Shutdown(ctx), <-served) }()

	c, err := client.New(s.Addrs()[0].String())
	if err != nil {
		return err
	}
	defer c.Close()
	var product Product
	if err := c.Call(ctx, "Arith.Multiply", &Args{7, 8}, &product); err != nil {
		return err
	}
	if product.C != 56 {
		return fmt.Errorf("7 times 8 is %d?", product.C)
	}
	fmt.Println("7 times 8 is", product.C)
	return nil
}
