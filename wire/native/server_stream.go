// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// serverStream is a call that the peer makes.
type serverStream struct {
	stream
	in         wire.Incoming
	oneWay     bool
	isOver     bool // the place is given up; guarded by c.mu
	headerSent bool // of the handler's goroutine
	delivered  bool // a single request; of the handler's goroutine
}

var _ wire.ServerStream = (*serverStream)(nil)

// handleCancel ends the call.
func (s *serverStream) handleCancel(f *frame, r *reader) error {
	code, reason := curlew.Code(r.uint()), r.string(maxReason)
	if err := r.done(); err != nil {
		return framed(f, err)
	}
	if !code.Valid() || code == curlew.OK {
		code = curlew.Canceled
	}
	s.canceled(curlew.Errorf(code, "canceled by the client: %s", reason).WithOrigin(curlew.OriginServer))
	return nil
}

// take takes in the message bytes and the end that a frame brings. mu is held.
func (s *serverStream) take(f *frame, piece []byte) (t taken, err error) {
	switch {
	case f.flags&flagMessage != 0:
		t.credits, err = s.takeIn(f, piece)
	case f.flags&flagEnd == 0:
		err = protocolErrorf("%s frame on stream %d with neither a message nor an end", f.typ, f.stream)
	}
	if err == nil {
		err = s.end(f)
	}
	if s.broken {
		s.broken, t.broken = false, s.err
	}
	return t, err
}

// end takes in the end of the requests, if f brings it. mu is held.
func (s *serverStream) end(f *frame) error {
	if f.flags&flagEnd == 0 {
		return nil
	}
	if s.assembling && s.err == nil {
		return protocolErrorf("%s frame on stream %d ends inside a message", f.typ, f.stream)
	}
	s.recvEnd = true
	mux.Wake(s.recvWake)
	return nil
}

// canceled ends the call at its caller's wish. If that is because of the
// deadline, which the caller has told, the handler's context ends by it, at this
// moment or the next, so that its Err is DeadlineExceeded.
func (s *serverStream) canceled(err *curlew.Error) {
	if err.Code() != curlew.DeadlineExceeded || s.in.Expires.IsZero() {
		s.fail(err)
		return
	}
	s.c.mu.Lock()
	s.failLocked(err)
	s.c.mu.Unlock()
}

// fail ends the call for its handler.
func (s *serverStream) fail(err *curlew.Error) {
	s.c.mu.Lock()
	s.failLocked(err)
	s.c.mu.Unlock()
	s.in.Cancel(err)
}

// Send sends one reply; see [curlew.Stream].
func (s *serverStream) Send(ctx context.Context, m any) error {
	if err := s.SendHeader(ctx); err != nil {
		return err
	}
	msg, err := s.encode(m)
	if err != nil {
		return err
	}
	defer msg.free()
	begun, err := s.sendNext(ctx, &msg)
	if err != nil && begun && ctx.Err() != nil {
		// Half a message has left: the stream is of no use.
		s.fail(curlew.Errorf(curlew.Internal, "%s: a reply was given up half-way: %w", s.method.FullName(), context.Cause(ctx)))
	}
	return err
}

// SendHeader sends the reply's header if that has not been done.
func (s *serverStream) SendHeader(ctx context.Context) error {
	if s.headerSent {
		return nil
	}
	h := s.in.Call.ReplyHeader()
	if err := s.c.checkBlock("header", h); err != nil {
		return err
	}
	return s.sendHeader(ctx, coalesce.Now)
}

func (s *serverStream) sendHeader(ctx context.Context, when coalesce.When) error {
	s.headerSent = true
	if s.oneWay {
		return nil
	}
	h := s.in.Call.ReplyHeader()
	if err := s.c.writer.Lock(ctx); err != nil {
		return s.writeError(ctx, err)
	}
	b := s.c.writer.Buffer()
	var start int
	b.B, start = beginFrame(b.B, frameHeader, 0, s.id)
	b.B = s.c.namesOut.appendHeader(b.B, h)
	b.B = endFrame(b.B, start)
	s.c.writer.Unlock(when)
	return nil
}

// checkBlock refuses a header or trailer that is too large to be sent.
func (c *conn) checkBlock(what string, h *curlew.Header) *curlew.Error {
	if size, most := h.Size(), min(c.limits.MaxHeader, maxBlock); size > most {
		return curlew.Errorf(curlew.Internal, "reply %s of %d bytes, more than the %d that the native protocol carries", what, size, most)
	}
	return nil
}

// Receive decodes the next request; see [wire.ServerStream].
func (s *serverStream) Receive(ctx context.Context, m any) error {
	msg, err := s.next(ctx)
	if err == io.EOF && s.single && !s.delivered {
		return curlew.Errorf(curlew.InvalidArgument, "%s: a %s call needs a request, and none came", s.method.FullName(), s.method.Kind())
	}
	if err != nil {
		return err
	}
	s.delivered = true
	return s.decode(msg, m)
}

// Codec returns the codec of the messages.
func (s *serverStream) Codec() curlew.Codec { return s.codec }

// CloseSend does nothing: the handler's return ends the replies.
func (s *serverStream) CloseSend() error { return nil }

// Close does nothing: the dispatcher finishes the call when the handler returns.
func (s *serverStream) Close() error { return nil }

// Header returns the request's header.
func (s *serverStream) Header(context.Context) (*curlew.Header, error) { return &s.in.Header, nil }

// Trailer returns an empty header: requests have no trailer.
func (s *serverStream) Trailer() *curlew.Header { return new(curlew.Header) }

// Finish ends the call; see [wire.ServerStream].
func (s *serverStream) Finish(reply any, err *curlew.Error) *curlew.Error {
	if !s.oneWay {
		err = s.answer(reply, err)
	}
	left := s.over()
	s.c.grant(left.credits)
	if left.drained {
		s.c.closeIfDrained()
	}
	return err
}

// leaving is what a call that gives up its place leaves behind.
type leaving struct {
	credits []credit // to be granted
	others  bool     // other calls are being served
	drained bool
}

// over gives up the call's place, once.
func (s *serverStream) over() (left leaving) {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.isOver {
		s.isOver = true
		if s.err == nil {
			s.err = errOver
		}
		s.drop()
		s.retire()
		c.incoming--
		left.credits = c.extendOthers()
	}
	left.others, left.drained = c.incoming > 0, c.drained
	return left
}

// answer sends what is left to send of a call: the reply, if any, and STATUS.
func (s *serverStream) answer(reply any, err *curlew.Error) *curlew.Error {
	c := s.c
	trailer := s.in.Call.ReplyTrailer()
	if bad := c.checkBlock("trailer", trailer); bad != nil {
		trailer, err = new(curlew.Header), bad
	}
	header := s.in.Call.ReplyHeader()
	if s.headerSent {
		header = nil
	} else if bad := c.checkBlock("header", header); bad != nil {
		header, err = nil, bad
	}
	var msg outgoing
	if err == nil && reply != nil {
		var bad error
		if msg, bad = s.encode(reply); bad != nil {
			err = curlew.ErrorOf(bad)
		}
		defer msg.free()
	}
	with := msg.buf // what goes with the STATUS
	if with != nil && (msg.shared != nil || !s.fits(len(with.B))) {
		if bad := s.sendLarge(&msg); bad != nil {
			err = bad
		}
		with, header = nil, nil
	}
	if bad := c.writer.Lock(c.ctx); bad != nil {
		if err == nil {
			err = c.transportError("write", bad)
		}
		return err
	}
	b := c.writer.Buffer()
	if with != nil {
		b.Grow(headRoom + len(with.B))
	}
	b.B = c.appendStatus(b.B, s.id, header, trailer, err, with, msg.flags)
	// The place is free before the peer can see that: it may use it at once.
	left := s.over()
	for _, g := range left.credits {
		b.B = appendControl(b.B, frameCredit, g.stream, uint64(g.n))
	}
	when := coalesce.Now
	switch {
	case s.in.OnLoop:
		when = coalesce.Held
	case left.others:
		when = coalesce.Gather
	}
	c.writer.Unlock(when)
	return err
}

// statusRoom is what a STATUS without an error takes beside its blocks and
// message.
const statusRoom = 64

// fits takes the credit for a message that goes with its STATUS, and reports
// false if it must go by itself.
func (s *serverStream) fits(n int) bool {
	if n > maxPiece-statusRoom-s.in.Call.ReplyHeader().Size()-s.in.Call.ReplyTrailer().Size() {
		return false
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	cost := int64(n) + frameCost
	if s.err != nil || s.send.credit < cost || s.c.send.credit < cost {
		return false
	}
	s.send.take(int64(n))
	s.c.send.take(int64(n))
	return true
}

// sendLarge sends a reply in frames of its own, to be written with the STATUS
// that follows.
func (s *serverStream) sendLarge(msg *outgoing) *curlew.Error {
	ctx := s.in.HandlerContext()
	if !s.headerSent && s.in.Call.ReplyHeader().Len() > 0 {
		if err := s.sendHeader(ctx, coalesce.Held); err != nil {
			return curlew.ErrorOf(err)
		}
	}
	if _, err := s.sendMessage(ctx, msg, 0, false, false, coalesce.Held); err != nil {
		return curlew.ErrorOf(err)
	}
	return nil
}

// refuse answers a call that has no stream, from the read loop: it does not
// wait.
func (c *conn) refuse(id uint64, err *curlew.Error) {
	if bad := c.writer.LockControl(); bad != nil {
		c.fail(c.transportError("write", bad))
		return
	}
	b := c.writer.Buffer()
	b.B = c.appendStatus(b.B, id, nil, nil, err, nil, 0)
	c.writer.Unlock(coalesce.Now)
}

// appendStatus appends a STATUS frame. The writer's lock is held.
func (c *conn) appendStatus(b []byte, id uint64, header, trailer *curlew.Header, err *curlew.Error, msg *bufpool.Buf, fl flags) []byte {
	if msg != nil {
		fl |= flagMessage
	} else {
		fl = 0
	}
	b, start := beginFrame(b, frameStatus, fl|flagEnd, id)
	at := len(b)
	b = append(b, 0)
	if err != nil {
		b[at] |= statusError
		if err.Progress() == curlew.Refused {
			b[at] |= statusRefused
		}
		b = appendError(b, err)
	}
	if header != nil && header.Len() > 0 {
		b[at] |= statusHeader
		b = c.namesOut.appendHeader(b, header)
	}
	if trailer != nil && trailer.Len() > 0 {
		b[at] |= statusTrailer
		b = c.namesOut.appendHeader(b, trailer)
	}
	if msg != nil {
		b = append(b, msg.B...)
	}
	return endFrame(b, start)
}
