// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// errDraining ends the reading of requests.
var errDraining = errors.New("the server is shutting down")

// errHungUp is the cause of the end of calls whose client has gone.
var errHungUp = curlew.NewError(curlew.Canceled, "the client closed the connection").WithOrigin(curlew.OriginTransport)

// Server is the server's end of a connection. Its owner, one goroutine, reads
// requests from it, calls Begin for each, and in the end Close. The rest is
// safe for concurrent use.
type Server struct {
	conn    *wire.Conn
	peer    *curlew.Peer
	writer  *coalesce.Writer
	outer   context.Context // ends when the connection's owner has closed it
	ctx     context.Context // of the calls
	cancel  context.CancelCauseFunc
	gate    *gate
	settled bool          // the first request has come
	stop    chan struct{} // closed to end the watch
	watched chan struct{} // closed when the watch has ended
}

// NewServer returns the server's end of conn. The first request must come
// within the handshake limit.
func NewServer(ctx context.Context, conn *wire.Conn, protocol string) *Server {
	s := &Server{
		conn: conn, outer: ctx,
		gate: newGate(conn.Limits.MaxStreams, conn.Limits.MaxBuffered),
		stop: make(chan struct{}), watched: make(chan struct{}),
	}
	peer := *conn.Peer
	peer.Protocol = protocol
	s.peer = &peer
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.writer = newWriter(conn.Raw, func(err error) {
		s.cancel(curlew.Errorf(curlew.Canceled, "write to %s: %w", s.peer, err).WithOrigin(curlew.OriginTransport))
		conn.Raw.Close()
	})
	// An error means that the connection is closed, which Read tells.
	_ = conn.Raw.SetReadDeadline(time.Now().Add(conn.Limits.Handshake))
	go s.watch() // Close waits for it
	return s
}

func newWriter(conn net.Conn, fail func(error)) *coalesce.Writer {
	var try coalesce.TryWriter
	if w, ok := transport.NewTryWriter(conn); ok {
		try = w
	}
	return coalesce.New(conn, try, 0, fail)
}

// watch ends the reading when the connection drains.
func (s *Server) watch() {
	defer close(s.watched)
	select {
	case <-s.conn.Draining:
		s.stopReading()
	case <-s.stop:
	}
}

func (s *Server) stopReading() { _ = s.conn.Raw.SetReadDeadline(time.Unix(1, 0)) }

func (s *Server) draining() bool {
	select {
	case <-s.conn.Draining:
		return true
	default:
		return false
	}
}

// Conn returns the connection, for its limits and its logger.
func (s *Server) Conn() *wire.Conn { return s.conn }

// Read reads from the connection until it drains.
func (s *Server) Read(p []byte) (int, error) {
	n, err := s.conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if s.draining() {
			err = errDraining
		} else {
			err = fmt.Errorf("no complete request within %v: %w", s.conn.Limits.Handshake, err)
		}
	}
	return n, err
}

// Settled says that a complete request has come: from now on the client may be
// silent.
func (s *Server) Settled() {
	if s.settled {
		return
	}
	s.settled = true
	_ = s.conn.Raw.SetReadDeadline(time.Time{})
	if s.draining() { // and the watch may have been before us
		s.stopReading()
	}
}

// Begin makes in, whose Target and Stream are set, one of the calls in flight,
// with a request of n bytes to be decoded. It waits for room: nothing more is
// read until then. An error means that the connection is over.
func (s *Server) Begin(in *wire.Incoming, n int) error {
	if err := s.gate.enter(s.ctx, n); err != nil {
		return err
	}
	in.Context, in.Peer, in.Draining = s.ctx, s.peer, s.conn.Draining
	return nil
}

// Decoded says that n bytes of requests no longer wait to be decoded.
func (s *Server) Decoded(n int) { s.gate.leave(0, n) }

// Done says that a call has ended.
func (s *Server) Done() { s.gate.leave(1, 0) }

// Context returns the context of the connection's calls.
func (s *Server) Context() context.Context { return s.ctx }

// Send sends one message. It waits while the peer does not read.
func (s *Server) Send(message []byte) error {
	if err := s.writer.Lock(s.ctx); err != nil {
		return err
	}
	_, _ = s.writer.Buffer().Write(message)
	s.writer.Unlock()
	return nil
}

// grace is how long calls in flight may go on, and be answered, when there is
// nothing more to read: a client may close its side after its last request.
const grace = time.Second

// Close ends the connection after the reading of requests has ended with err,
// and returns what was wrong, nil if nothing was. After a drain all calls in
// flight finish and are answered. After nonsense from the client those are that
// end soon, after the end of its side too if halfClose says that such clients
// exist; then the others' contexts end. If the connection itself has failed,
// all their contexts end at once.
func (s *Server) Close(err error, halfClose bool) error {
	defer s.release()
	var patience time.Duration
	switch {
	case s.outer.Err() != nil:
		return nil // the calls' contexts have ended; whoever runs them waits for them
	case errors.Is(err, errDraining):
		s.gate.wait(s.outer.Done())
		_ = s.writer.Drain(s.outer) // or whoever closes the connection ends it
		return nil
	case s.ctx.Err() != nil: // a write has failed
		err = context.Cause(s.ctx)
	case err == io.EOF:
		err = nil
		if halfClose {
			patience = grace
		}
	case !isTransport(err):
		patience = grace
	}
	cause := errHungUp
	if err != nil {
		cause = curlew.Errorf(curlew.Canceled, "connection to %s: %w", s.peer, err).WithOrigin(curlew.OriginTransport)
	}
	if !s.waitFor(patience) {
		s.cancel(cause)
		s.gate.wait(s.outer.Done())
	}
	s.part(err)
	return err
}

// waitFor waits for the calls in flight, for a limited time.
func (s *Server) waitFor(d time.Duration) bool {
	stop := make(chan struct{})
	timer := time.AfterFunc(d, func() { close(stop) })
	defer timer.Stop()
	return s.gate.wait(stop)
}

// part sends what is to be sent, as far as the client reads it. After nonsense
// it also reads on for a moment: to close a connection with bytes unread is to
// reset it, and the client would not get the answer that says what was wrong.
func (s *Server) part(err error) {
	ctx, cancel := context.WithTimeout(s.outer, s.conn.Limits.Liveness)
	defer cancel()
	if s.writer.Drain(ctx) != nil || err == nil || isTransport(err) {
		return
	}
	if half, ok := s.conn.Raw.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = s.conn.Raw.SetReadDeadline(time.Now().Add(grace))
		_, _ = io.CopyN(io.Discard, s.conn, lingerBytes)
	}
}

const lingerBytes = 1 << 20

// isTransport reports whether err is a failure of the connection, rather than
// of what came over it.
func isTransport(err error) bool {
	var failure net.Error
	return errors.As(err, &failure) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (s *Server) release() {
	s.cancel(errHungUp)
	s.conn.Raw.Close()
	s.writer.Close(nil)
	close(s.stop)
	<-s.watched
}
