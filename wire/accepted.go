// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// accepted is a connection before its framing is known. As a net.Conn it reads
// prefix first, which only TLS needs: a framing gets the two apart.
type accepted struct {
	net.Conn
	prefix []byte
	heard  atomic.Bool // the peer has said something, a load balancer aside
	drain  func()      // of a framing's Start; guarded by the listener's mu
}

// starter is a framing that can serve a connection without a goroutine that
// waits for its end; an idle connection is the cheaper for it.
type starter interface {
	Framing
	// Start is Serve but for its waiting. It calls ended once, on any goroutine
	// and perhaps before it returns, with what Serve would return, when all that
	// it started has ended but the goroutine that calls. drain is called once
	// conn.Draining is closed; it does not wait.
	Start(ctx context.Context, conn *Conn, d Dispatcher, ended func(error)) (drain func())
}

func (a *accepted) Read(p []byte) (int, error) {
	if len(a.prefix) > 0 {
		n := copy(p, a.prefix)
		a.prefix = a.prefix[n:]
		return n, nil
	}
	return a.Conn.Read(p)
}

// serve finds the connection's framing and has it serve the connection.
func (l *Listener) serve(ctx context.Context, a *accepted, d Dispatcher) {
	started := false
	defer func() {
		if p := recover(); p != nil { // one connection's bug is not the others' end
			l.log(a).Error("panic while serving a connection", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
		if !started {
			l.remove(a)
		}
	}()
	conn := &Conn{
		Peer:     &curlew.Peer{Addr: a.RemoteAddr(), LocalAddr: a.LocalAddr()},
		Limits:   l.config.Limits,
		Logger:   l.config.Logger,
		Draining: l.draining,
	}
	framing, err := l.handshake(ctx, a, conn)
	if err != nil {
		if ctx.Err() == nil {
			l.logHandshake(a, err)
		}
		return
	}
	conn.Peer.Protocol = framing.Name()
	if s, ok := framing.(starter); ok {
		drain := s.Start(ctx, conn, d, func(err error) {
			l.logEnd(ctx, a, s, err)
			l.remove(a)
		})
		started = true
		l.drainWith(a, drain)
		return
	}
	defer conn.Raw.Close()
	l.logEnd(ctx, a, framing, framing.Serve(ctx, conn, d))
}

// drainWith has drain called when the listener drains, or now if it does already.
func (l *Listener) drainWith(a *accepted, drain func()) {
	l.mu.Lock()
	a.drain = drain
	drained := l.drained
	l.mu.Unlock()
	if drained {
		drain()
	}
}

// log is the logger for what concerns a connection.
func (l *Listener) log(a *accepted) *slog.Logger {
	return l.config.Logger.With(slog.Any("addr", l.Addr()), slog.Any("peer", a.RemoteAddr()))
}

func (l *Listener) logEnd(ctx context.Context, a *accepted, f Framing, err error) {
	if err != nil && ctx.Err() == nil {
		l.log(a).Debug("connection ended", slog.String("protocol", f.Name()), slog.Any("err", err))
	}
}

// logHandshake logs why a connection found no framing. That of one which says
// nothing is no news: health checks and scanners do that all day.
func (l *Listener) logHandshake(a *accepted, err error) {
	level := slog.LevelWarn
	switch {
	case l.isDraining():
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("nothing that could be understood within %v: %w", l.config.Limits.Handshake, err)
		fallthrough
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		level = slog.LevelDebug
	}
	l.log(a).Log(context.Background(), level, "connection dropped", slog.Any("err", err))
}

// handshake does all that comes before the framing's own bytes, and fills conn.
func (l *Listener) handshake(ctx context.Context, a *accepted, conn *Conn) (Framing, error) {
	deadline := time.Now().Add(l.config.Limits.Handshake)
	if err := l.proxied(ctx, deadline, a, conn.Peer); err != nil {
		return nil, err
	}
	if err := a.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if l.isDraining() && len(a.prefix) == 0 { // see Drain
		return nil, net.ErrClosed
	}
	framing, err := l.choose(a, conn)
	a.prefix = nil // conn has it
	if err != nil {
		return nil, err
	}
	return framing, a.SetDeadline(time.Time{})
}

// proxied reads what a load balancer says of its client.
func (l *Listener) proxied(ctx context.Context, deadline time.Time, a *accepted, peer *curlew.Peer) error {
	if l.config.Proxy == nil {
		return nil
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	source, destination, prefix, err := l.config.Proxy(ctx, a.Conn)
	if err != nil {
		return err
	}
	a.prefix = prefix
	if source != nil {
		peer.Addr = source
	}
	if destination != nil {
		peer.LocalAddr = destination
	}
	return nil
}

// choose finds the framing, through TLS where that is configured.
func (l *Listener) choose(a *accepted, conn *Conn) (Framing, error) {
	if err := a.peek(); err != nil {
		return nil, fmt.Errorf("waiting for the first byte: %w", err)
	}
	if l.config.TLS == nil {
		return l.sniff(a.Conn, a.prefix, conn)
	}
	if a.prefix[0] != tlsHandshake {
		if l.config.AllowPlaintext {
			return l.sniff(a.Conn, a.prefix, conn)
		}
		if looksLikeHTTP1(a.prefix) {
			refuseHTTP(a.Conn, "this port takes TLS only; use https")
		}
		return nil, fmt.Errorf("plaintext, but this port takes TLS only; it begins with %s", show(a.prefix))
	}
	secure := tls.Server(a, l.config.TLS)
	// The deadline and stop end it; a context would cost a goroutine.
	if err := secure.Handshake(); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	state := secure.ConnectionState()
	conn.Peer.TLS = &state
	if name := state.NegotiatedProtocol; name != "" {
		framing := l.alpn[name]
		if framing == nil { // only by a tls.Config from a hook
			return nil, fmt.Errorf("TLS handshake: no framing for the negotiated protocol %q", name)
		}
		conn.Raw = secure
		return framing, nil
	}
	return l.sniff(secure, nil, conn)
}

// peek waits for the first bytes.
func (a *accepted) peek() error {
	if len(a.prefix) == 0 {
		buf := make([]byte, MaxSniff)
		n, err := a.Conn.Read(buf)
		if n == 0 {
			return err
		}
		a.prefix = buf[:n]
	}
	a.heard.Store(true)
	return nil
}

// withALPN returns config with the framings' names, also where a hook of it
// chooses another configuration.
func withALPN(config *tls.Config, framings []Framing) *tls.Config {
	var names []string
	for _, f := range framings {
		names = append(names, f.ALPN()...)
	}
	config = config.Clone()
	config.NextProtos = names
	if choose := config.GetConfigForClient; choose != nil {
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if chosen == nil || err != nil {
				return nil, err
			}
			chosen = chosen.Clone()
			chosen.NextProtos = names
			return chosen, nil
		}
	}
	return config
}
