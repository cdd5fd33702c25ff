// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package tcptest serves to tests on a real port. Tests that need none use
// curlewtest.
package tcptest

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
)

// Serve serves services and returns the address. The server ends with t.
func Serve(t testing.TB, services ...*curlew.Service) string {
	t.Helper()
	s, err := server.New()
	if err == nil {
		err = s.Register(services...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Start(t, s)
}

// Start serves s, which has its services, and returns the address.
func Start(t testing.TB, s *server.Server) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	if err := s.Listen(ctx, "127.0.0.1:0"); err != nil {
		stop()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s.Addrs()[0].String()
}
