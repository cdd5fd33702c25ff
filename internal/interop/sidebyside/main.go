// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command sidebyside has the health and reflection services of grpc-go and
// Curlew's in one program, and serves both: grpc-go's at the first address that
// it is given, Curlew's at the second. Two copies of a .proto file in protobuf's
// global registry would make it panic before main.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	grpcreflection "google.golang.org/grpc/reflection"

	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sidebyside host:port host:port")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, theirs, ours string) error {
	g := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(g, grpchealth.NewServer())
	grpcreflection.Register(g)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", theirs)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	defer context.AfterFunc(ctx, g.Stop)()

	s, err := server.New()
	if err != nil {
		return err
	}
	if err := s.Register(health.New().Service()); err != nil {
		return err
	}
	if err := s.Register(reflection.New(s.Services, health.File())...); err != nil {
		return err
	}
	if err := s.Listen(ctx, ours); err != nil {
		return err
	}
	fmt.Println("serving", theirs, "and", ours)
	err = s.Serve(ctx)
	g.Stop()
	return errors.Join(err, <-served)
}
