// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command interopserver is Curlew's server of gRPC's interoperability tests,
// with the flags of google.golang.org/grpc/interop/server, and -stubs: then it
// serves grpc-go's own implementation of the service, through contrib/grpcgo.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/grpc/testdata"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
)

func main() {
	port := flag.Int("port", 10000, "where to listen, on 127.0.0.1")
	useTLS := flag.Bool("use_tls", false, "serve TLS, by the certificate of gRPC's tests")
	stubs := flag.Bool("stubs", false, "serve by grpc-go's own service and the code that is generated for it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(*port)), *useTLS, *stubs); err != nil {
		fmt.Fprintln(os.Stderr, "interopserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string, useTLS, stubs bool) error {
	opts := []server.Option{server.WithShutdownTimeout(time.Second)}
	if useTLS {
		certificate, err := tls.LoadX509KeyPair(testdata.Path("server1.pem"), testdata.Path("server1.key"))
		if err != nil {
			return err
		}
		opts = append(opts, server.WithTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
	}
	services := []*curlew.Service{service()}
	if stubs {
		var err error
		if services, err = stubServices(); err != nil {
			return err
		}
	}
	s, err := server.New(opts...)
	if err != nil {
		return err
	}
	if err := s.Register(services...); err != nil {
		return err
	}
	var cut *server.ShutdownError
	if err := s.ListenAndServe(ctx, address); !errors.As(err, &cut) {
		return err
	}
	return nil
}
