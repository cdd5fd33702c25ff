// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command server is the smallest server: one service, every protocol, one port.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
)

// [service]

// Args and Product are plain structs; so is the service.
type (
	Args    struct{ A, B int }
	Product struct{ C int }
	Arith   struct{}
)

// Multiply is a method that fits: context and request in, reply and error out.
func (Arith) Multiply(_ context.Context, in *Args) (*Product, error) {
	return &Product{C: in.A * in.B}, nil
}

// [/service]

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx, "localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends, then lets calls in flight end.
func serve(ctx context.Context, address string) error {
	// [serve]
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
	return s.ListenAndServe(ctx, address) // "localhost:8080"; until ctx ends and calls in flight have ended
	// [/serve]
}
