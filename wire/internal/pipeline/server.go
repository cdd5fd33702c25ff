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

var (
	// errHungUp is the cause of the end of calls whose client has gone.
	errHungUp = curlew.NewError(curlew.Canceled, "the client closed the connection").WithOrigin(curlew.OriginTransport)
	errStuck  = errors.New("the client does not read")
)

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
	alive   context.Context // ends when nothing more can be sent
	die     context.CancelCauseFunc
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
	s.alive, s.die = context.WithCancelCause(ctx)
	s.writer = newWriter(conn.Raw, s.hangUp)
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

// Alive returns a context that ends when nothing more can be sent.
func (s *Server) Alive() context.Context { return s.alive }

// Send sends one message. It waits while the peer does not read.
func (s *Server) Send(message []byte) error {
	// A call that was cut must not look as if its handler had failed.
	if s.outer.Err() != nil {
		return context.Cause(s.outer)
	}
	if err := s.writer.Lock(s.alive); err != nil {
		return err
	}
	_, _ = s.writer.Buffer().Write(message)
	s.writer.Unlock(coalesce.Now)
	return nil
}

// grace is how long calls in flight may go on, and be answered, when there is
// nothing more to read: a client may close its side after its last request.
const grace = time.Second

// Close ends the connection after the reading of requests has ended with err,
// and returns what was wrong, nil if nothing was. After a drain all calls in
// flight finish. After the end of the client's side, or nonsense from it, those
// finish that end soon; then the others' contexts end. If the connection itself
// has failed, their contexts end at once. Whatever ends is answered, as long as
// the client reads.
func (s *Server) Close(err error) error {
	defer s.release()
	patience := grace
	switch {
	case s.outer.Err() != nil:
		return nil // the calls' contexts have ended; whoever runs them waits for them
	case errors.Is(err, errDraining):
		s.gate.wait(s.outer.Done())
		_ = s.writer.Drain(s.outer) // whoever closes the connection ends it
		return nil
	case s.alive.Err() != nil:
		err = context.Cause(s.alive)
		patience = 0
	case failed(err):
		s.hangUp(err)
		patience = 0
	case err == io.EOF:
		err = nil
	}
	if !s.waitFor(patience) {
		s.cancel(s.lost(err))
		stop := time.AfterFunc(s.conn.Limits.Liveness, func() { s.hangUp(errStuck) })
		s.gate.wait(s.outer.Done())
		stop.Stop()
	}
	s.part(err)
	return err
}

// lost is the cause of the end of calls whose connection has ended with err.
func (s *Server) lost(err error) error {
	if err == nil {
		return errHungUp
	}
	return curlew.Errorf(curlew.Canceled, "connection to %s: %w", s.peer, err).WithOrigin(curlew.OriginTransport)
}

// hangUp ends the connection: nothing more can be sent.
func (s *Server) hangUp(err error) {
	s.die(err)
	s.cancel(s.lost(err))
	s.conn.Raw.Close()
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
	ctx, cancel := context.WithTimeout(s.alive, s.conn.Limits.Liveness)
	defer cancel()
	if s.writer.Drain(ctx) != nil || err == nil || Broken(err) {
		return
	}
	if half, ok := s.conn.Raw.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = s.conn.Raw.SetReadDeadline(time.Now().Add(grace))
		_, _ = io.CopyN(io.Discard, s.conn, lingerBytes)
	}
}

const lingerBytes = 1 << 20

// failed reports whether err is a failure of the connection.
func failed(err error) bool {
	var failure net.Error
	return errors.As(err, &failure)
}

// Broken reports whether err is the connection's failure or its end, rather
// than nonsense that came over it.
func Broken(err error) bool {
	return failed(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (s *Server) release() {
	s.hangUp(errHungUp)
	s.writer.Close(nil)
	close(s.stop)
	<-s.watched
}
