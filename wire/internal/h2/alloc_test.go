// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package h2

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
)

// prompt answers in the read loop, with what it was sent.
type prompt struct{ protocol }

func (prompt) Prompt() {}

// A warm unary exchange costs an object on each side.
func TestAllocations(t *testing.T) {
	buf := make([]byte, 1000)
	head := wire.Fields{{Name: "content-type", Value: "application/grpc"}}
	trailers := wire.Fields{{Name: "grpc-status", Value: "0"}}
	serve := prompt{func(ctx context.Context, x wire.Exchange) {
		n, err := x.Read(ctx, buf) // all of it is there
		if err != nil || x.Respond(200, head) != nil || x.End(buf[:n], trailers) != nil {
			x.Reset(err)
		}
	}}
	near, far := mem.Pipe()
	logger := slog.New(slog.DiscardHandler)
	server := &Server{Route: func(*wire.HTTPRequest, wire.Dispatcher) wire.HTTPProtocol { return serve }}
	ended := make(chan error, 1)
	server.Start(context.Background(), &wire.Conn{
		Raw: far, Peer: &curlew.Peer{Addr: far.RemoteAddr()}, Limits: wire.Limits{}.WithDefaults(), Logger: logger,
	}, nil, func(err error) { ended <- err })
	transport, err := Dial(t.Context(), &wire.Remote{
		Address: "server", Logger: logger,
		Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
	})
	assert.NoError(t, err)
	defer func() {
		transport.Close(nil)
		<-ended
	}()
	r := &wire.HTTPRequest{Method: "POST", Scheme: "http", Authority: "here", Path: "/pkg.Service/Method", Length: 100, Fields: wire.Fields{
		{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"}, {Name: "user-agent", Value: "curlew"},
	}}
	body, got := make([]byte, 100), make([]byte, 1000)
	exchange := func() {
		x, err := transport.Do(t.Context(), r)
		assert.NoError(t, err)
		_, err = x.Write(t.Context(), body)
		assert.NoError(t, err)
		status, _, err := x.Response(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, status, 200)
		n, err := x.Read(t.Context(), got)
		assert.NoError(t, err)
		assert.Equal(t, n, len(body))
		_, err = x.Read(t.Context(), got)
		assert.Equal(t, err, io.EOF)
		x.Reset(nil)
	}
	for range 100 {
		exchange()
	}
	checks := testing.AllocsPerRun(1000, func() { // what the test's own checks cost
		assert.Equal(t, 200, 200)
		assert.Equal(t, 1, 1)
		assert.Equal(t, error(nil), nil)
	})
	if n := testing.AllocsPerRun(1000, exchange) - checks; n > 3 {
		t.Errorf("%v allocations an exchange, both sides together", n)
	} else {
		t.Logf("%v allocations an exchange", n)
	}
}
