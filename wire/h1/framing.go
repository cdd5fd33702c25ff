// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httproute"
)

// Framing serves HTTP/1 connections.
type Framing struct {
	router   httproute.Router
	tunnels  []Tunnel
	versions http.Protocols
}

var _ wire.Framing = (*Framing)(nil)

// Option adds to a [Framing].
type Option func(*Framing)

// New returns a framing whose requests go to the first of the protocols that
// they belong to.
func New(protocols []wire.HTTPProtocol, opts ...Option) *Framing {
	f := &Framing{router: httproute.Router{Protocols: protocols}}
	f.versions.SetHTTP1(true)
	for _, opt := range opts {
		opt(f)
	}
	return f
}

// WithHandler answers requests that belong to no protocol by h, instead of by
// 404 Not Found.
func WithHandler(h http.Handler) Option {
	return func(f *Framing) { f.router.Handler = h }
}

// Tunnel is a protocol that begins with a CONNECT request, as net/rpc's
// DialHTTP has it.
type Tunnel struct {
	// Path is what is connected to, "/_goRPC_".
	Path string
	// Reply is what the CONNECT is answered with, as it is sent:
	// "HTTP/1.0 200 Connected to Go RPC\r\n\r\n".
	Reply string
	// Framing serves the connection from there on.
	Framing wire.Framing
}

// WithTunnel hands connections on that ask for t.
func WithTunnel(t Tunnel) Option {
	return func(f *Framing) {
		f.tunnels = append(f.tunnels, t)
		f.router.Beside = append(f.router.Beside, t.Framing.Name()+" by CONNECT "+t.Path)
	}
}

// tunnel returns the tunnel at a path; nil if there is none.
func (f *Framing) tunnel(path string) *Tunnel {
	for i := range f.tunnels {
		if f.tunnels[i].Path == path {
			return &f.tunnels[i]
		}
	}
	return nil
}

// Name returns "http/1.1".
func (f *Framing) Name() string { return protocolName }

// ALPN implements [wire.Framing].
func (f *Framing) ALPN() []string { return []string{protocolName} }

const protocolName = "http/1.1" // also its ALPN name (RFC 7301, section 6)

// Match implements [wire.Framing]: HTTP/1 begins with a method of RFC 9110 or
// 5789 and a space. HTTP/2's "PRI " is not among them.
func (f *Framing) Match(prefix []byte) wire.Match {
	for _, method := range [...]string{"GET ", "POST ", "PUT ", "HEAD ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE "} {
		n := min(len(prefix), len(method))
		switch {
		case string(prefix[:n]) != method[:n]:
		case n == len(method):
			return wire.Yes
		default:
			return wire.Maybe
		}
	}
	return wire.No
}

// idleTimeout is how long a connection may wait for its next request. It is
// longer than clients and load balancers keep theirs, so that none sends a
// request into a connection that is just being closed.
const idleTimeout = 5 * time.Minute

// Serve implements [wire.Framing].
func (f *Framing) Serve(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) error {
	s := newSession(ctx, f, conn, d)
	// An http.Server for one connection: limits and draining are a connection's
	// own, and nothing is left to run when it has ended.
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: conn.Limits.Handshake,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes(conn.Limits),
		ErrorLog:          slog.NewLogLogger(conn.Logger.Handler(), slog.LevelError), // panics of handlers
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.changed,
		Protocols:         &f.versions,

		DisableGeneralOptionsHandler: true,
	}
	// It starts the connection's goroutine, which ends before s.ended is closed.
	if err := server.Serve(&oneConn{conn: s.conn}); !errors.Is(err, errNoMore) {
		conn.Raw.Close()
		return err
	}
	select {
	case <-conn.Draining:
		// Closes the connection, if need be after the response in progress.
		server.SetKeepAlivesEnabled(false)
		<-s.ended
	case <-s.ended:
	}
	return nil
}

// headerBytes is the size of a head within which a header of the limit's size
// fits, whose binary values travel as base64.
func headerBytes(l wire.Limits) int { return l.MaxHeader/3*4 + 1 }

// oneConn is a listener that accepts one connection and then fails.
type oneConn struct{ conn *netConn }

var errNoMore = errors.New("no more connections")

func (l *oneConn) Accept() (net.Conn, error) {
	conn := l.conn
	if conn == nil {
		return nil, errNoMore
	}
	l.conn = nil
	return conn, nil
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return noAddr{} }

type noAddr struct{}

func (noAddr) Network() string { return "none" }
func (noAddr) String() string  { return "none" }
