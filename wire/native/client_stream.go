// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// Send sends one request; see [curlew.Stream].
func (s *clientStream) Send(ctx context.Context, m any) error {
	if s.sendEnd {
		return curlew.Errorf(curlew.Internal, "%s: Send after CloseSend", s.method.FullName())
	}
	msg, err := s.encode(m)
	if err != nil {
		return err
	}
	defer msg.free()
	begun, err := s.sendNext(ctx, &msg)
	if err != nil && begun && ctx.Err() != nil {
		// Half a message has left: the stream is of no use.
		s.abandon(curlew.Errorf(curlew.Canceled, "a message was given up half-way: %w", context.Cause(ctx)).WithProgress(curlew.MaybeSent))
	}
	return s.sendError(err)
}

// sendError is what Send returns: io.EOF if the call is over, because then
// Receive knows why.
func (s *clientStream) sendError(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.isOver && err == s.err {
		return io.EOF
	}
	return err
}

// CloseSend tells the server that no more requests come.
func (s *clientStream) CloseSend() error {
	if s.sendEnd {
		return nil
	}
	s.sendEnd = true
	if err := s.c.writer.LockControl(); err != nil {
		return nil // the connection is gone: Receive knows why
	}
	b := s.c.writer.Buffer()
	var start int
	b.B, start = beginFrame(b.B, frameData, flagEnd, s.id)
	b.B = endFrame(b.B, start)
	s.c.writer.Unlock(coalesce.Now)
	return nil
}

// Receive decodes the next reply; see [curlew.Stream].
func (s *clientStream) Receive(ctx context.Context, m any) error {
	if s.settled && len(s.queue) > 0 {
		msg := s.queue[0]
		s.queue = nil
		return s.decode(msg, m)
	}
	msg, err := s.next(ctx)
	if err != nil {
		return err
	}
	return s.decode(msg, m)
}

// Wait waits for the outcome; see [wire.ClientStream].
func (s *clientStream) Wait(ctx context.Context) error {
	if s.oneWay {
		return s.waitFlushed(ctx)
	}
	for s.fresh || !s.settle() {
		s.fresh = false
		select {
		case <-s.recvWake:
		case <-ctx.Done():
			return s.cancel(ctx)
		}
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

// settle takes what there is once the call is over, and reports whether it is.
// If not, recvWake tells when to look again.
func (s *clientStream) settle() bool {
	if s.settled {
		return true
	}
	c := s.c
	c.mu.Lock()
	if !s.isOver {
		waitOn(&s.recvWake)
		c.mu.Unlock()
		return false
	}
	s.settled, s.sound = true, s.err == nil && !s.starved && !s.extending
	c.wakes.Put(s.recvWake)
	s.recvWake = nil
	var credits []credit
	if len(s.queue) > 0 {
		if credits = s.consumed(s.queue[0].cost); s.err != nil {
			s.queue[0].free()
			s.queue = nil
		}
	}
	c.mu.Unlock()
	c.grant(credits)
	return true
}

// waitFlushed waits until a one-way call has left.
func (s *clientStream) waitFlushed(ctx context.Context) error {
	err := s.c.writer.Drain(ctx)
	if err != nil {
		err = s.writeError(ctx, err)
	}
	s.finish(nil)
	return err
}

// Close releases the stream and cancels a call that is not over: if its context
// has ended, for that reason.
func (s *clientStream) Close() error {
	if s.settled {
		if len(s.queue) > 0 {
			s.queue[0].free()
			s.queue = nil
		}
		return nil
	}
	if s.ctx != nil && s.ctx.Err() != nil {
		s.cancel(s.ctx)
	} else {
		s.abandon(curlew.NewError(curlew.Canceled, "the caller closed the stream"))
	}
	s.c.mu.Lock()
	s.drop()
	credits := s.c.extendOthers()
	s.c.mu.Unlock()
	s.c.grant(credits)
	return nil
}

// Recycle lets the next call have the memory of one that has ended well, been
// waited for and closed. The caller is sure that nobody has the stream, nor what
// its Header and Trailer pointed to.
func (s *clientStream) Recycle() {
	if c := s.c; s.sound {
		*s = clientStream{}
		c.spare.Put(s)
	}
}

// Header waits for the reply's header.
func (s *clientStream) Header(ctx context.Context) (*curlew.Header, error) {
	if s.settled {
		return s.knownHeader()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if !s.hasHeader {
		if s.headerIn == nil {
			s.headerIn = make(chan struct{})
		}
		in := s.headerIn
		s.c.mu.Unlock()
		var err error
		select {
		case <-in:
		case <-ctx.Done():
			err = contextError(ctx)
		}
		s.c.mu.Lock()
		if err != nil {
			return nil, err
		}
	}
	return s.knownHeader()
}

func (s *clientStream) knownHeader() (*curlew.Header, error) {
	if s.header.Len() == 0 && s.err != nil {
		return nil, s.err
	}
	return &s.header, nil
}

// Trailer returns the metadata after the reply.
func (s *clientStream) Trailer() *curlew.Header {
	if s.settled {
		return &s.trailer
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return &s.trailer
}

// Peer returns the server.
func (s *clientStream) Peer() *curlew.Peer { return s.c.peer }

// handleHeader learns the reply's header.
func (s *clientStream) handleHeader(f *frame, r *reader) error {
	c := s.c
	h := c.namesIn.header(r, maxBlock)
	if err := r.done(); err != nil {
		return framed(f, err)
	}
	c.mu.Lock()
	if !s.hasHeader {
		s.header = h
	}
	s.knowHeader()
	c.mu.Unlock()
	return nil
}

// take takes in the message bytes that a frame brings. mu is held.
func (s *clientStream) take(f *frame, piece []byte) (t taken, err error) {
	if f.flags&flagMessage == 0 {
		return t, protocolErrorf("%s frame on stream %d without a message", f.typ, f.stream)
	}
	s.knowHeader()
	t.credits, err = s.takeIn(f, piece)
	if s.broken {
		s.broken, t.broken = false, s.err
	}
	return t, err
}

// status is a parsed STATUS.
type status struct {
	err             *curlew.Error // nil: OK
	header, trailer curlew.Header
}

// parseStatus parses a STATUS up to its message, and defines its names.
func (c *conn) parseStatus(f *frame, r *reader) (st status, err error) {
	bits := r.uint()
	if bits&statusError != 0 {
		st.err = parseError(r).WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
		if bits&statusRefused != 0 {
			st.err = st.err.WithProgress(curlew.Refused)
		}
	}
	if bits&statusHeader != 0 {
		st.header = c.namesIn.header(r, maxBlock)
	}
	if bits&statusTrailer != 0 {
		st.trailer = c.namesIn.header(r, maxBlock)
	}
	if f.flags&flagMessage == 0 && r.err == nil {
		r.done()
	}
	return st, framed(f, r.err)
}

// handleStatus ends a call that is made from here.
func (c *conn) handleStatus(f *frame, r *reader) error {
	st, err := c.parseStatus(f, r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	credit, err := c.passConnection(f, len(r.b))
	var after afterFinish
	if err == nil {
		after, err = c.takeStatus(f, &st, r.b)
	}
	c.mu.Unlock()
	c.grantOne(0, credit)
	after.run(c)
	return err
}

// takeStatus is handleStatus with mu held. piece is the last message's bytes.
func (c *conn) takeStatus(f *frame, st *status, piece []byte) (after afterFinish, err error) {
	found := c.streams.Get(f.stream)
	switch {
	case found == nil:
		return after, c.checkOver(f)
	case c.err != nil: // whoever ends the connection ends its calls
		return after, nil
	}
	s := found.client
	switch {
	case s == nil:
		return after, protocolErrorf("%s frame on stream %d from the side that called", f.typ, f.stream)
	case f.flags&(flagMessage|flagMore) == flagMessage|flagMore:
		return after, protocolErrorf("STATUS frame on stream %d with a part of a message", f.stream)
	}
	if !s.hasHeader {
		s.header = st.header
	}
	s.trailer = st.trailer
	if f.flags&flagMessage != 0 {
		if _, err := s.takeIn(f, piece); err != nil {
			return after, err
		}
	}
	ended := st.err
	switch incompatible := c.incompat[s.method]; {
	case s.broken: // by the message
		ended = s.err
	case s.assembling && ended == nil:
		return after, protocolErrorf("STATUS frame on stream %d inside a message", f.stream)
	case incompatible != nil:
		ended = incompatible.WithProgress(curlew.Answered)
	case ended == nil && s.single && !s.begun:
		ended = curlew.Errorf(curlew.Internal, "%s: the server ended the call without a reply", s.method.FullName()).WithProgress(curlew.Answered)
	}
	return s.finishLocked(ended), nil
}
