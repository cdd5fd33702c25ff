// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew/wire"
)

// session is a connection in the hands of net/http.
type session struct {
	framing    *Framing
	ctx        context.Context
	wire       *wire.Conn
	conn       *netConn
	dispatcher wire.Dispatcher
	hijacked   atomic.Bool
	ended      chan struct{} // closed when the connection's goroutine is at its end
}

func newSession(ctx context.Context, f *Framing, conn *wire.Conn, d wire.Dispatcher) *session {
	return &session{
		framing: f, ctx: ctx, wire: conn, dispatcher: d,
		conn:  &netConn{Conn: conn.Raw, wire: conn, closed: make(chan struct{})},
		ended: make(chan struct{}),
	}
}

// changed is called by net/http when the connection's state changes. After
// StateHijacked it is called no more.
func (s *session) changed(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateHijacked:
		s.hijacked.Store(true)
	case http.StateClosed:
		close(s.ended)
	}
}

// ServeHTTP serves one request of the connection.
func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.afterHijack()
	r.TLS = s.wire.Peer.TLS
	if t := s.framing.tunnel(r.URL.Path); t != nil {
		s.tunnel(w, r, t)
		return
	}
	if s.conn.lengths.ambiguous(r) {
		w.Header().Set("Connection", "close")
	}
	request := newRequest(r)
	request.Peer, request.Limits, request.Draining = s.wire.Peer, s.wire.Limits, s.wire.Draining
	if p := s.framing.router.Protocol(request, s.dispatcher); p != nil {
		x := newExchange(w, r, request)
		x.own = true
		serveExchange(s.ctx, p, x, s.dispatcher)
		return
	}
	other(&s.framing.router, w, r)
}

// afterHijack waits until whoever has taken the connection over closes it.
func (s *session) afterHijack() {
	if !s.hijacked.Load() {
		return
	}
	select {
	case <-s.conn.closed:
	case <-s.ctx.Done():
	}
	close(s.ended)
}

// tunnel answers a CONNECT and hands the connection on.
func (s *session) tunnel(w http.ResponseWriter, r *http.Request, t *Tunnel) {
	if r.Method != http.MethodConnect {
		w.Header().Set("Allow", http.MethodConnect)
		http.Error(w, "405 must CONNECT", http.StatusMethodNotAllowed)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "500 the connection cannot be handed on: "+err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	next := *s.wire
	// net/http has buffered all that was read, the connection's own prefix too.
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	next.Prefix = slices.Clone(early)
	peer := *s.wire.Peer
	peer.Protocol = t.Framing.Name()
	next.Peer = &peer
	if err := s.answer(conn, t.Reply); err == nil {
		err = t.Framing.Serve(s.ctx, &next, s.dispatcher)
		if err != nil && s.ctx.Err() == nil {
			s.wire.Logger.Debug("connection ended", slog.String("protocol", peer.Protocol), slog.Any("peer", peer.Addr), slog.Any("err", err))
		}
	}
}

// answer sends the reply to a CONNECT.
func (s *session) answer(conn net.Conn, reply string) error {
	if err := conn.SetWriteDeadline(time.Now().Add(s.wire.Limits.Handshake)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, reply); err != nil {
		return err
	}
	return conn.SetWriteDeadline(time.Time{})
}

// netConn is the connection as net/http sees it: it begins with the bytes that
// were already read, and has the addresses that a load balancer told.
type netConn struct {
	net.Conn
	wire    *wire.Conn
	lengths lengths
	stall   stall
	once    sync.Once
	closed  chan struct{}
}

func (c *netConn) Read(p []byte) (int, error) {
	n, err := c.wire.Read(p)
	c.lengths.scan(p[:n])
	return n, err
}

func (c *netConn) RemoteAddr() net.Addr { return c.wire.Peer.Addr }
func (c *netConn) LocalAddr() net.Addr  { return c.wire.Peer.LocalAddr }

func (c *netConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// CloseWrite lets net/http tell a client that is still sending of the end.
func (c *netConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
