// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"net/http"

	"github.com/curlewrpc/curlew/wire"
	engine "github.com/curlewrpc/curlew/wire/internal/h2"
	"github.com/curlewrpc/curlew/wire/internal/httproute"
)

// Framing serves HTTP/2 connections. It is immutable and safe for concurrent
// use.
type Framing struct {
	router httproute.Router
	other  wire.HTTPProtocol // answers what belongs to no protocol
	server engine.Server
}

var _ wire.Framing = (*Framing)(nil)

// Option adds to a [Framing].
type Option func(*Framing)

// WithHandler answers requests that belong to no protocol by h, instead of by
// 404 Not Found.
func WithHandler(h http.Handler) Option {
	return func(f *Framing) { f.router.Handler = h }
}

// New returns a framing whose requests go to the first of the protocols that
// they belong to.
func New(protocols []wire.HTTPProtocol, opts ...Option) *Framing {
	f := &Framing{router: httproute.Router{Protocols: protocols}}
	for _, opt := range opts {
		opt(f)
	}
	h := f.router.Handler
	if h == nil {
		h = http.HandlerFunc(f.notFound)
	}
	f.other = handler{h}
	f.server.Route = f.route
	return f
}

func (f *Framing) route(r *wire.HTTPRequest, d wire.Dispatcher) wire.HTTPProtocol {
	if p := f.router.Protocol(r, d); p != nil {
		return p
	}
	return f.other
}

func (f *Framing) notFound(w http.ResponseWriter, r *http.Request) {
	http.Error(w, f.router.NotFound(r.Method, r.URL.Path), http.StatusNotFound)
}

// Name returns "http/2".
func (f *Framing) Name() string { return "http/2" }

// ALPN implements [wire.Framing].
func (f *Framing) ALPN() []string { return []string{engine.ALPN} }

// begin is how a connection begins that is HTTP/2's and no other's (RFC 9113,
// section 3.4).
const begin = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Match implements [wire.Framing].
func (f *Framing) Match(prefix []byte) wire.Match {
	n := min(len(prefix), len(begin))
	switch {
	case string(prefix[:n]) != begin[:n]:
		return wire.No
	case n < len("PRI * HTTP/2.0\r\n"):
		return wire.Maybe
	}
	return wire.Yes
}

// Serve implements [wire.Framing].
func (f *Framing) Serve(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) error {
	ended := make(chan error, 1)
	drain := f.Start(ctx, conn, d, func(err error) { ended <- err })
	select {
	case <-conn.Draining:
		drain()
		return <-ended
	case err := <-ended:
		return err
	}
}

// Start is Serve for a [wire.Listener], which keeps no goroutine that waits for
// the end of the connection. When that is there, and all that Start started has
// ended but the goroutine that calls, ended gets what Serve would return. The
// caller calls drain once conn.Draining is closed; it does not wait.
func (f *Framing) Start(ctx context.Context, conn *wire.Conn, d wire.Dispatcher, ended func(error)) (drain func()) {
	return f.server.Start(ctx, conn, d, ended)
}

// Dial connects to a server by HTTP/2. All exchanges go over one connection.
func Dial(ctx context.Context, r *wire.Remote) (wire.HTTPTransport, error) {
	t, err := engine.Dial(ctx, r)
	if err != nil {
		return nil, err
	}
	return t, nil
}
