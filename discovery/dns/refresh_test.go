// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/discovery/dns"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
)

type text struct{ S string }

// serveName serves a service that answers with a name.
func serveName(t *testing.T, address, name string) (stop func()) {
	t.Helper()
	s, err := server.New(server.WithLogger(slog.New(slog.DiscardHandler)))
	assert.NoError(t, err)
	assert.NoError(t, s.Register(curlew.NewService("Name", curlew.Unary("Get", func(context.Context, *text) (*text, error) {
		return &text{name}, nil
	}))))
	assert.NoError(t, s.Listen(t.Context(), address))
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	return func() {
		assert.NoError(t, s.Shutdown(context.Background()))
		assert.NoError(t, <-served)
	}
}

// A server that moves is found again as soon as connections to its old address
// fail, however long its records count.
func TestServerMoves(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this machine has one loopback address only:", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	assert.NoError(t, err)
	assert.NoError(t, l.Close())

	names := dns.StartNameServer(t)
	names.Point("shop.test", 3600, "127.0.0.1")
	stop := serveName(t, "127.0.0.1:"+port, "first")
	c, err := client.New("dns:///shop.test:"+port, client.WithResolver(dns.New(names.Config())))
	assert.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var got text
	assert.NoError(t, c.Call(ctx, "Name.Get", &text{}, &got))
	assert.Equal(t, got.S, "first")

	other := serveName(t, "127.0.0.2:"+port, "second")
	names.Point("shop.test", 3600, "127.0.0.2")
	stop()
	begin := time.Now()
	assert.NoError(t, c.Call(ctx, "Name.Get", &text{}, &got))
	assert.Equal(t, got.S, "second")
	t.Logf("the first call after the move took %v", time.Since(begin).Round(time.Millisecond))
	assert.NoError(t, c.Close())
	other()
}
