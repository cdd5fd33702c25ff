// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/native"
)

func TestMain(m *testing.M) { assert.Main(m) }

type pair struct{ A, B int }

type sum struct{ C int }

func add(_ context.Context, in *pair) (*sum, error) { return &sum{in.A + in.B}, nil }

// arith is a service with the method Add and those given.
func arith(methods ...*curlew.Method) *curlew.Service {
	return curlew.NewService("Arith", append(methods, curlew.Unary("Add", add))...)
}

func newServer(t *testing.T, services []*curlew.Service, opts ...server.Option) *server.Server {
	t.Helper()
	s, err := server.New(append([]server.Option{server.WithLogger(slog.New(slog.DiscardHandler))}, opts...)...)
	assert.NoError(t, err)
	assert.NoError(t, s.Register(services...))
	return s
}

// one is a service list.
func one(s *curlew.Service) []*curlew.Service { return []*curlew.Service{s} }

// running is a server that serves a network in memory.
type running struct {
	*server.Server
	network *mem.Network
	served  chan error // gets what Serve returns
}

// run serves at the address "server" until ctx ends.
func run(t *testing.T, ctx context.Context, s *server.Server) *running {
	t.Helper()
	r := &running{s, mem.New(), make(chan error, 1)}
	l, err := r.network.Listen("server")
	assert.NoError(t, err)
	go func() { r.served <- s.ServeListener(ctx, l) }()
	return r
}

// connect returns a caller over one connection, which the test closes.
func (r *running) connect(t *testing.T) curlew.Caller {
	t.Helper()
	return connect(t, &wire.Remote{Network: "mem", Address: "server", Dial: r.network.DialContext})
}

func connect(t *testing.T, remote *wire.Remote) curlew.Caller {
	t.Helper()
	session, err := native.New().Connect(t.Context(), withDefaults(remote))
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, session.Close(nil)) })
	return wire.NewCaller(session)
}

func withDefaults(r *wire.Remote) *wire.Remote {
	r.Limits = r.Limits.WithDefaults()
	r.Logger = slog.New(slog.DiscardHandler)
	if r.Dial == nil {
		r.Dial = new(net.Dialer).DialContext
	}
	return r
}

func invoke(ctx context.Context, c curlew.Caller, method string, a, b int) (int, error) {
	var reply sum
	err := c.Invoke(ctx, curlew.Unary[pair, sum](method, nil), &pair{a, b}, &reply)
	return reply.C, err
}

// source is a source without calls that the test ends.
type source struct {
	drained, closed chan struct{}
	end             chan error
}

func newSource() *source {
	return &source{drained: make(chan struct{}), closed: make(chan struct{}), end: make(chan error)}
}

func (s *source) Serve(ctx context.Context, _ wire.Dispatcher) error {
	select {
	case err := <-s.end:
		return err
	case <-ctx.Done():
		return nil
	case <-s.closed:
		return nil
	}
}

func (s *source) Drain()         { close(s.drained) }
func (s *source) Close() error   { close(s.closed); return nil }
func (s *source) Addr() net.Addr { return nil }

var errBroken = errors.New("the source is broken")
