// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
)

// ListenerConfig says what a [Listener] does with the connections it accepts.
type ListenerConfig struct {
	// Framings are those that the listener serves, at least one. Where the first
	// bytes of a connection, or its ALPN name, would do for two, the first does.
	Framings []Framing
	// TLS is nil for plaintext. The ALPN names of the framings, in their order,
	// take the place of its NextProtos.
	TLS *tls.Config
	// AllowPlaintext serves plaintext beside TLS; without it plaintext is refused
	// where TLS is configured.
	AllowPlaintext bool
	// Proxy reads what a load balancer puts before the bytes of its client, and
	// not one byte more; nil: nothing is expected. ctx ends with the time for the
	// handshake. The addresses are the client's and the one it connected to, nil
	// for those of conn. The prefix is what was read that is not the balancer's.
	Proxy func(ctx context.Context, conn net.Conn) (source, destination net.Addr, prefix []byte, err error)
	// Limits are those of each connection.
	Limits Limits
	// MaxConnections bounds the open connections; 0 is no bound. One too many is
	// closed at once, so that its client tries another server rather than wait.
	MaxConnections int
	// Logger gets what goes wrong with connections; nil discards it.
	Logger *slog.Logger
}

// Listener is the [Source] that accepts connections from a net.Listener and
// gives each to the framing that knows its first bytes. It is safe for
// concurrent use.
type Listener struct {
	config   ListenerConfig
	listener net.Listener
	alpn     map[string]Framing
	draining chan struct{} // closed by Drain and Close

	running sync.WaitGroup // one for each connection

	mu      sync.Mutex              // guards the rest; never held over I/O
	cancel  context.CancelCauseFunc // of Serve's context; nil before Serve
	drained bool
	closed  bool
	conns   map[*accepted]struct{}
	refused int // connections beyond MaxConnections since there was room last
}

var _ Source = (*Listener)(nil)

// errListenerClosed is the cause of the end of calls that Close cuts.
var errListenerClosed = curlew.NewError(curlew.Unavailable, "the listener was closed").WithOrigin(curlew.OriginTransport)

// NewListener returns a listener for the connections of l, which it closes when
// it ends. The error tells all that is wrong with c; then l stays open.
func NewListener(l net.Listener, c ListenerConfig) (*Listener, error) {
	alpn, err := c.check()
	if err != nil {
		return nil, fmt.Errorf("wire: listener at %v: %w", l.Addr(), err)
	}
	c.Limits = c.Limits.WithDefaults()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.TLS != nil {
		c.TLS = withALPN(c.TLS, c.Framings)
	}
	return &Listener{
		config: c, listener: l, alpn: alpn,
		draining: make(chan struct{}),
		conns:    make(map[*accepted]struct{}),
	}, nil
}

// check returns the framings by ALPN name, or all that is wrong.
func (c *ListenerConfig) check() (map[string]Framing, error) {
	var errs []error
	if len(c.Framings) == 0 {
		errs = append(errs, errors.New("no framings: there is nothing that it could speak"))
	}
	alpn := make(map[string]Framing)
	for i, f := range c.Framings {
		if f == nil {
			errs = append(errs, fmt.Errorf("framing %d is nil", i))
			continue
		}
		for _, name := range f.ALPN() {
			if _, ok := alpn[name]; !ok {
				alpn[name] = f
			}
		}
	}
	if c.AllowPlaintext && c.TLS == nil {
		errs = append(errs, errors.New("AllowPlaintext without TLS: plaintext is all there is"))
	}
	if c.MaxConnections < 0 {
		errs = append(errs, fmt.Errorf("MaxConnections is negative: %d", c.MaxConnections))
	}
	errs = append(errs, c.Limits.Validate())
	return alpn, errors.Join(errs...)
}

// Addr implements [Source].
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Drain implements [Source]. Connections whose peer has not said anything yet
// are closed.
func (l *Listener) Drain() {
	l.mu.Lock()
	drained := l.drained
	l.drained = true
	var drains []func()
	var silent []*accepted
	for conn := range l.conns {
		switch {
		case conn.drain != nil:
			drains = append(drains, conn.drain)
		case !conn.heard.Load():
			silent = append(silent, conn)
		}
	}
	l.mu.Unlock()
	if drained {
		return
	}
	close(l.draining)
	l.listener.Close()
	for _, conn := range silent {
		// It fails only if the connection is closed. One whose deadline is set
		// after this one sees that the listener drains.
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	}
	for _, drain := range drains {
		drain()
	}
}

// Close implements [Source]. It does not wait; Serve does.
func (l *Listener) Close() error {
	l.stop(errListenerClosed)
	return nil
}

// stop ends everything at once.
func (l *Listener) stop(cause error) {
	l.Drain()
	l.mu.Lock()
	l.closed = true
	cancel, conns := l.cancel, l.conns
	l.conns = nil
	l.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
	for conn := range conns {
		conn.Conn.Close()
	}
}

// Serve implements [Source]; it may be called once. It also returns, nil, when
// after a Drain the last connection has ended. If the net.Listener fails, Serve
// logs that at once, drains, and returns the error after the last connection.
func (l *Listener) Serve(ctx context.Context, d Dispatcher) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.mu.Lock()
	again := l.cancel != nil
	if !again {
		l.cancel = cancel
	}
	l.mu.Unlock()
	if again {
		return fmt.Errorf("wire: listener at %v: Serve was called twice", l.Addr())
	}
	stopped := make(chan struct{})
	unregister := context.AfterFunc(ctx, func() {
		defer close(stopped)
		l.stop(context.Cause(ctx))
	})
	defer func() {
		if !unregister() {
			<-stopped
		}
	}()

	err := l.accept(ctx, d)
	if err != nil {
		l.config.Logger.Error("listener failed", slog.Any("addr", l.Addr()), slog.Any("err", err))
		l.Drain()
	}
	l.running.Wait()
	return err
}

// accept takes connections until the listener drains (then it returns nil) or
// fails.
func (l *Listener) accept(ctx context.Context, d Dispatcher) error {
	var pause time.Duration
	for {
		raw, err := l.listener.Accept()
		switch {
		case err == nil:
			pause = 0
			l.admit(ctx, raw, d)
			continue
		case l.isDraining():
			return nil
		case !temporary(err):
			return fmt.Errorf("wire: accept at %v: %w", l.Addr(), err)
		}
		pause = min(max(2*pause, minPause), maxPause)
		l.config.Logger.Warn("no connection accepted; trying again", slog.Any("addr", l.Addr()),
			slog.Duration("in", pause), slog.Any("err", err))
		select {
		case <-time.After(pause):
		case <-l.draining:
			return nil
		}
	}
}

// The pauses after temporary errors of Accept, such as too many open files.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// temporary reports whether Accept may work again later.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (l *Listener) isDraining() bool {
	select {
	case <-l.draining:
		return true
	default:
		return false
	}
}

// admit starts a connection's goroutine, or closes a connection too many.
func (l *Listener) admit(ctx context.Context, raw net.Conn, d Dispatcher) {
	conn := &accepted{Conn: raw}
	l.mu.Lock()
	full := l.config.MaxConnections > 0 && len(l.conns) >= l.config.MaxConnections
	closed := l.closed
	refusedBefore := l.refused
	switch {
	case closed:
	case full:
		l.refused++
	default:
		l.refused = 0
		l.conns[conn] = struct{}{}
		l.running.Add(1)
	}
	l.mu.Unlock()
	switch {
	case closed:
		raw.Close()
		return
	case full:
		raw.Close()
		if refusedBefore == 0 {
			l.config.Logger.Warn("connections refused: the limit is reached; raise MaxConnections or add servers",
				slog.Any("addr", l.Addr()), slog.Int("limit", l.config.MaxConnections), slog.Any("peer", raw.RemoteAddr()))
		}
		return
	case refusedBefore > 0:
		l.config.Logger.Info("connections are taken again", slog.Any("addr", l.Addr()), slog.Int("refused", refusedBefore))
	}
	// Serve waits for it, or for what it has started.
	go l.serve(ctx, conn, d)
}

// remove is the end of a connection.
func (l *Listener) remove(conn *accepted) {
	conn.Conn.Close()
	l.mu.Lock()
	delete(l.conns, conn)
	l.mu.Unlock()
	l.running.Done()
}
