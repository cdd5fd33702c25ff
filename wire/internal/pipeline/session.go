// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// Dialect is what one protocol adds to a [Session].
type Dialect interface {
	// Check says why the method cannot be called; nil if it can.
	Check(m *curlew.Method) error
	// Silent reports whether a call that wants no answer gets none.
	Silent() bool
	// Send encodes the request and sends it by r.Send, or returns an error and
	// has sent nothing. Many call it at the same time.
	Send(ctx context.Context, r *Request) error
	// Read reads answers and gives each to s.Deliver, until the connection fails.
	// One goroutine calls it, once.
	Read(s *Session) error
}

// Reply is the reply of a call, not decoded. One goroutine uses it.
type Reply interface {
	Decode(ctx context.Context, message any) error
	Free()
}

// Session is the client's end of a connection. It is safe for concurrent use.
type Session struct {
	dialect  Dialect
	conn     net.Conn
	protocol string
	peer     *curlew.Peer
	writer   *coalesce.Writer
	slots    chan struct{} // one for each call in flight
	draining chan struct{} // closed with err
	loop     chan struct{} // closed when the reading has ended
	limits   wire.Limits

	mu      sync.Mutex // guards the rest
	calls   map[uint64]*stream
	last    uint64 // sequence number
	largest int    // of the calls' MaxReceive, ever
	err     *curlew.Error
}

var _ wire.Session = (*Session)(nil)

// NewSession returns a session over conn. The goroutine that reads ends with
// Close.
func NewSession(conn net.Conn, protocol string, limits wire.Limits, d Dialect) *Session {
	limits = limits.WithDefaults()
	s := &Session{
		dialect: d, conn: conn, protocol: protocol, limits: limits,
		peer:     &curlew.Peer{Addr: conn.RemoteAddr(), LocalAddr: conn.LocalAddr(), Protocol: protocol},
		slots:    make(chan struct{}, limits.MaxStreams),
		draining: make(chan struct{}),
		loop:     make(chan struct{}),
		calls:    make(map[uint64]*stream),
		largest:  limits.MaxReceive,
	}
	if secure, ok := conn.(*tls.Conn); ok {
		state := secure.ConnectionState()
		s.peer.TLS = &state
	}
	s.writer = newWriter(conn, func(err error) { s.fail(s.lost("write", err)) })
	go s.read() // Close waits for it
	return s
}

// Draining implements [wire.Session].
func (s *Session) Draining() <-chan struct{} { return s.draining }

// Capacity implements [wire.Session].
func (s *Session) Capacity() int {
	select {
	case <-s.draining:
		return 0
	default:
		return cap(s.slots) - len(s.slots)
	}
}

// Close implements [wire.Session].
func (s *Session) Close(cause error) error {
	err := curlew.Errorf(curlew.Canceled, "connection to %s: closed on this side", s.peer).WithOrigin(curlew.OriginTransport)
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	s.fail(err)
	<-s.loop
	s.writer.Close(nil)
	return nil
}

func (s *Session) read() {
	defer close(s.loop)
	s.fail(s.lost("read", s.dialect.Read(s)))
}

// lost describes the failure of the connection. An error that the server has
// sent, of no call in particular, keeps its facts.
func (s *Session) lost(step string, err error) *curlew.Error {
	var e *curlew.Error
	switch {
	case errors.As(err, &e):
		return curlew.Errorf(e.Code(), "connection to %s: %s", s.peer, e.Message()).WithDetails(e.Details()...).WithOrigin(e.Origin())
	case err == io.EOF:
		e = curlew.Errorf(curlew.Unavailable, "connection to %s: closed by the server", s.peer).WithCause(err)
	default:
		e = curlew.Errorf(curlew.Unavailable, "connection to %s: %s: %w", s.peer, step, err)
	}
	return e.WithOrigin(curlew.OriginTransport)
}

// fail ends the session with err; only the first failure counts.
func (s *Session) fail(err *curlew.Error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	calls := s.calls
	s.calls = nil
	s.mu.Unlock()
	close(s.draining)
	s.conn.Close()
	for _, c := range calls {
		c.end(nil, err.WithProgress(c.progress()))
	}
}

// Deliver ends the call with number seq, by its reply or its error. Nobody waits
// for an answer that comes too late. Only the dialect's Read calls it.
func (s *Session) Deliver(seq uint64, reply Reply, err *curlew.Error) {
	c := s.remove(seq)
	switch {
	case c != nil:
		c.end(reply, err)
	case reply != nil:
		reply.Free()
	}
}

// remove takes a call out of those that wait, and returns nil if it does not.
func (s *Session) remove(seq uint64) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[seq]
	delete(s.calls, seq)
	return c
}

// MaxReceive returns the limit of the reply to the call with number seq.
func (s *Session) MaxReceive(seq uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.calls[seq]; c != nil {
		return c.maxReceive
	}
	return s.limits.MaxReceive
}

// Largest returns the largest limit of any reply.
func (s *Session) Largest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.largest
}

// failure returns why the session takes no calls; it has failed, or is about to
// with err.
func (s *Session) failure(err error) *curlew.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err.WithProgress(curlew.NotSent)
	}
	return s.lost("write", err).WithProgress(curlew.NotSent)
}

// Open implements [wire.Session]. It waits for one of the places for calls in
// flight, and for room in the connection.
func (s *Session) Open(ctx context.Context, call *curlew.Call) (wire.ClientStream, error) {
	m, o := call.Method(), call.Options()
	if err := s.check(m, o); err != nil {
		return nil, err.WithProgress(curlew.NotSent)
	}
	request, err := call.Request()
	if err != nil {
		return nil, err
	}
	if err := s.slot(ctx); err != nil {
		return nil, err
	}
	c := &stream{session: s, method: m, done: make(chan struct{}), silent: o.OneWay && s.dialect.Silent()}
	c.start.Store(notYet)
	c.maxReceive = cmp.Or(o.MaxReceive, s.limits.MaxReceive)
	if err := s.add(c); err != nil {
		return nil, err
	}
	sent := false
	defer func() {
		if !sent { // also if the message's own method has ended the goroutine
			c.abandon(nil)
		}
	}()
	err = s.dialect.Send(ctx, &Request{
		Method: m, Message: request, Seq: c.seq, Silent: c.silent,
		MaxSend: cmp.Or(o.MaxSend, s.limits.MaxSend), stream: c,
	})
	if err != nil {
		return nil, unsent(ctx, m, err)
	}
	sent = true
	return c, nil
}

// check says why a call cannot be made at all.
func (s *Session) check(m *curlew.Method, o *curlew.CallOptions) *curlew.Error {
	if err := Unary(m, s.protocol); err != nil {
		return err
	}
	if o.Codec != nil {
		return curlew.Errorf(curlew.Unimplemented, "%s: the %s protocol has an encoding of its own and cannot carry the codec %q",
			m.FullName(), s.protocol, o.Codec.Name())
	}
	return curlew.ErrorOf(s.dialect.Check(m))
}

// slot takes one of the places for calls in flight.
func (s *Session) slot(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextError(ctx).WithProgress(curlew.NotSent)
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-s.draining:
		return s.failure(nil)
	case <-ctx.Done():
		return contextError(ctx).WithProgress(curlew.NotSent)
	}
}

// add numbers the call and lets it wait for an answer.
func (s *Session) add(c *stream) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		<-s.slots
		return s.err.WithProgress(curlew.NotSent)
	}
	s.last++
	c.seq = s.last
	s.largest = max(s.largest, c.maxReceive)
	s.calls[c.seq] = c
	return nil
}

// unsent returns the error of a call that was not sent because of err.
func unsent(ctx context.Context, m *curlew.Method, err error) *curlew.Error {
	var e *curlew.Error
	switch {
	case errors.As(err, &e):
	case ctx.Err() != nil:
		e = contextError(ctx)
	default:
		e = curlew.Errorf(curlew.InvalidArgument, "%s: request: %w", m.FullName(), err)
	}
	return e.WithProgress(curlew.NotSent)
}

// contextError is the error of a call whose context has ended.
func contextError(ctx context.Context) *curlew.Error {
	code := curlew.Canceled
	if ctx.Err() == context.DeadlineExceeded {
		code = curlew.DeadlineExceeded
	}
	return curlew.NewError(code, context.Cause(ctx).Error()).WithCause(context.Cause(ctx))
}
