// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/rpc"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

func TestMain(m *testing.M) { assert.Main(m) }

// world is a server and the network around it.
type world struct {
	t       testing.TB
	network *mem.Network
	address string
	source  *wire.Listener
	d       *dispatch.Dispatcher
	log     *logBuffer
	served  chan error
}

// logBuffer is a log that a test can look at.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve serves the services in memory until the test ends.
func serve(t testing.TB, limits wire.Limits, services ...*curlew.Service) *world {
	t.Helper()
	return serveWith(t, limits, nil, services...)
}

// serveWith is serve with an interceptor, if it is not nil.
func serveWith(t testing.TB, limits wire.Limits, i curlew.Interceptor, services ...*curlew.Service) *world {
	t.Helper()
	w := &world{t: t, network: mem.New(), log: new(logBuffer), served: make(chan error, 1)}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	config := dispatch.Config{Logger: logger}
	if i != nil {
		config.Interceptors = []curlew.Interceptor{i}
	}
	w.d, err = dispatch.New(config)
	assert.NoError(t, err)
	assert.NoError(t, w.d.Register(services...))
	l, err := w.network.Listen("")
	assert.NoError(t, err)
	w.address = l.Addr().String()
	w.source, err = wire.NewListener(l, wire.ListenerConfig{Framings: []wire.Framing{netrpc.New()}, Limits: limits, Logger: logger})
	assert.NoError(t, err)
	go func() { w.served <- w.source.Serve(context.Background(), w.d) }()
	t.Cleanup(w.stop)
	return w
}

// stop ends the server and waits for all of it. It may be called twice.
func (w *world) stop() {
	w.source.Close()
	assert.NoError(w.t, <-w.served)
	w.served <- nil
	assert.NoError(w.t, w.d.Shutdown(context.Background()))
	if w.t.Failed() {
		w.t.Log(w.log.String())
	}
}

// dial connects to the server.
func (w *world) dial() *mem.Conn {
	w.t.Helper()
	conn, err := w.network.Dial(context.Background(), w.address)
	assert.NoError(w.t, err)
	return conn
}

// goClient is net/rpc's own client of the server.
func (w *world) goClient() *rpc.Client {
	w.t.Helper()
	c := rpc.NewClient(w.dial())
	w.t.Cleanup(func() { c.Close() })
	return c
}

// remote describes the server to clients.
func (w *world) remote() *wire.Remote {
	return &wire.Remote{
		Network: "mem", Address: w.address, Dial: w.network.DialContext, Logger: slog.New(slog.DiscardHandler),
	}
}

// session is our client's session with the server.
func (w *world) session(limits wire.Limits) wire.Session {
	w.t.Helper()
	r := w.remote()
	r.Limits = limits
	return connect(w.t, netrpc.New(), r)
}

func newProtocol() *netrpc.Protocol { return netrpc.New() }

// dialer dials one connection that exists already.
func dialer(conn net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}

func connect(t testing.TB, p *netrpc.Protocol, r *wire.Remote) wire.Session {
	t.Helper()
	s, err := p.Connect(t.Context(), r)
	assert.NoError(t, err)
	t.Cleanup(func() { s.Close(nil) })
	return s
}
