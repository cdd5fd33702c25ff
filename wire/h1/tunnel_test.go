// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/rpc"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/h1"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

// echo is a framing that sends back what it gets.
type echo struct{ h1.Framing }

func (*echo) Name() string { return "echo" }

func (*echo) Serve(_ context.Context, conn *wire.Conn, _ wire.Dispatcher) error {
	io.WriteString(conn.Raw, conn.Peer.Protocol+":")
	_, err := io.Copy(conn.Raw, struct{ io.Reader }{conn})
	return errors.Join(err, errors.New("the end"))
}

func TestTunnel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := h1.New(nil, h1.WithTunnel(h1.Tunnel{Path: "/tunnel", Reply: "HTTP/1.0 200 Dug\n\n", Framing: new(echo)}))
		r := serve(t, f)
		for name, early := range map[string]string{
			"nothing early":   "",
			"some bytes":      "early ",
			"many":            string(make([]byte, 10_000)),
			"what looks like": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		} {
			p := r.dial()
			p.send("CONNECT /tunnel HTTP/1.0\n\n" + early)
			p.send("late")
			p.CloseWrite()
			all, err := io.ReadAll(p.r)
			assert.NoError(t, err, name)
			assert.Equal(t, string(all), "HTTP/1.0 200 Dug\n\necho:"+early+"late", name)
		}
		synctest.Wait()
		assert.Contains(t, r.log.String(), "the end")

		p := r.dial()
		p.send("GET /tunnel HTTP/1.1\r\nHost: x\r\n\r\n")
		response, body := p.response()
		assert.Equal(t, response.StatusCode, 405)
		assert.Equal(t, response.Header.Get("Allow"), "CONNECT")
		assert.Equal(t, body, "405 must CONNECT\n")

		p.send("CONNECT /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n")
		response, _ = p.response()
		assert.Equal(t, response.StatusCode, 404)
	})
}

// TestTunnelEndsWithTheServer: a tunnel is the server's connection as any other.
func TestTunnelEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, h1.New(nil, h1.WithTunnel(h1.Tunnel{Path: "/tunnel", Reply: "HTTP/1.0 200 Dug\n\n", Framing: new(echo)})))
		p := r.dial()
		p.send("CONNECT /tunnel HTTP/1.0\n\n")
		synctest.Wait()
		r.source.Close()
		assert.NoError(t, <-r.served)
	})
}

type Args struct{ A, B int }

// TestDialHTTP: Go's own client of net/rpc.
func TestDialHTTP(t *testing.T) {
	assert.NoLeaks(t)
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	defer d.Shutdown(t.Context())
	assert.NoError(t, d.Register(curlew.NewService("Arith", curlew.Unary("Multiply",
		func(_ context.Context, in *Args) (*Args, error) { return &Args{A: in.A * in.B}, nil }))))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	source, err := wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{
		h1.New(nil, h1.WithTunnel(h1.Tunnel{Path: netrpc.ConnectPath, Reply: netrpc.ConnectReply, Framing: netrpc.New()})),
	}})
	assert.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- source.Serve(t.Context(), d) }()
	client, err := rpc.DialHTTP("tcp", l.Addr().String())
	assert.NoError(t, err)
	var product Args
	assert.NoError(t, client.Call("Arith.Multiply", Args{7, 8}, &product))
	assert.Equal(t, product.A, 56)
	assert.NoError(t, client.Close())
	source.Drain()
	assert.NoError(t, <-served)
}
