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
	msg, fl, err := s.encode(m)
	if err != nil {
		return err
	}
	defer msg.Free()
	begun, err := s.sendMessage(ctx, msg.B, 0, false, fl, false)
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
	for {
		s.c.mu.Lock()
		over, err := s.recvEnd, s.err
		woken := waitOn(&s.recvWake)
		s.c.mu.Unlock()
		switch {
		case over && err != nil:
			return err
		case over:
			return nil
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return s.cancel(ctx)
		}
	}
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

// Header waits for the reply's header.
func (s *clientStream) Header(ctx context.Context) (*curlew.Header, error) {
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
	if s.header.Len() == 0 && s.err != nil {
		return nil, s.err
	}
	return &s.header, nil
}

// Trailer returns the metadata after the reply.
func (s *clientStream) Trailer() *curlew.Header {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return &s.trailer
}

// Peer returns the server.
func (s *clientStream) Peer() *curlew.Peer { return s.c.peer }

// handle handles a frame of the call.
func (s *clientStream) handle(f *frame, r *reader) error {
	c := s.c
	switch f.typ {
	case frameHeader:
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
	case frameData:
		return s.deliver(f, r.b)
	case frameStatus:
		return s.handleStatus(f, r)
	}
	return protocolErrorf("%s frame on stream %d from the side that serves it", f.typ, f.stream)
}

// deliver takes in a piece of a message.
func (s *clientStream) deliver(f *frame, piece []byte) error {
	if f.flags&flagMessage == 0 {
		return protocolErrorf("%s frame on stream %d without a message", f.typ, f.stream)
	}
	c := s.c
	if err := c.passConnection(f, piece); err != nil {
		return err
	}
	c.mu.Lock()
	s.knowHeader()
	credits, err := s.takeIn(f, piece)
	var broken *curlew.Error
	if s.broken {
		s.broken, broken = false, s.err
	}
	c.mu.Unlock()
	c.grant(credits)
	if broken != nil {
		s.abandon(broken)
	}
	return err
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

func (s *clientStream) handleStatus(f *frame, r *reader) error {
	c := s.c
	st, err := c.parseStatus(f, r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if !s.hasHeader {
		s.header = st.header
	}
	s.trailer = st.trailer
	c.mu.Unlock()
	if f.flags&flagMessage != 0 {
		if f.flags&flagMore != 0 {
			return protocolErrorf("STATUS frame on stream %d with a part of a message", f.stream)
		}
		if err := s.deliver(f, r.b); err != nil {
			return err
		}
	}
	c.mu.Lock()
	partial := s.assembling
	none := st.err == nil && s.single && s.received == 0
	incompatible := c.incompat[s.method]
	c.mu.Unlock()
	switch {
	case partial && st.err == nil:
		return protocolErrorf("STATUS frame on stream %d inside a message", f.stream)
	case incompatible != nil:
		st.err = incompatible.WithProgress(curlew.Answered)
	case none:
		st.err = curlew.Errorf(curlew.Internal, "%s: the server ended the call without a reply", s.method.FullName()).WithProgress(curlew.Answered)
	}
	s.finish(st.err)
	return nil
}
