// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// maxWindow is how far a stream's window grows for a fast reader.
const maxWindow = 4 << 20

// credit is to be granted to the peer in a CREDIT frame.
type credit struct {
	stream uint64
	n      int64
}

func (c *conn) grant(credits []credit) {
	for _, g := range credits {
		c.grantOne(g.stream, g.n)
	}
}

func (c *conn) grantOne(stream uint64, n int64) {
	if n > 0 {
		c.control(frameCredit, stream, uint64(n))
	}
}

// takeIn takes a piece of a message into the stream. The credits that it
// returns are to be granted. A *connError ends the connection; an error of the
// stream goes to s.err. mu is held.
func (s *stream) takeIn(f *frame, piece []byte) (credits []credit, err error) {
	if s.retired {
		return nil, nil // it ended while the frame was on its way here
	}
	cost := int64(len(piece)) + frameCost
	if s.recvEnd && s.err == nil {
		return nil, protocolErrorf("%s frame on stream %d after its end", f.typ, s.id)
	}
	if !s.win.Receive(cost) {
		return nil, protocolErrorf("%s frame on stream %d: %d bytes beyond the credit given", f.typ, s.id, -s.win.Granted)
	}
	if s.err != nil { // the call is over here; the peer does not know yet
		s.win.Consume(cost)
		return nil, nil
	}
	if !s.assembling {
		total, rest, err := announcedTotal(f, piece, len(piece))
		if err == nil && s.begin(f, total) {
			piece = rest
		} else {
			s.win.Consume(cost)
			return nil, err
		}
	}
	m := &s.partial
	if m.len()+len(piece) > m.total {
		return nil, s.overlong()
	}
	m.grow(len(piece))
	m.buf.B = append(m.buf.B, piece...)
	m.cost += cost
	return s.tookPiece(f)
}

// tookPiece goes on after a piece has been added to the message. mu is held.
func (s *stream) tookPiece(f *frame) (credits []credit, err error) {
	m := &s.partial
	if f.flags&flagMore != 0 {
		if n := s.extend(); n > 0 {
			credits = append(credits, credit{s.id, n})
		}
		return credits, nil
	}
	if m.len() != m.total {
		return nil, protocolErrorf("message on stream %d ends after %d of %d bytes", s.id, m.len(), m.total)
	}
	s.queue = append(s.queue, *m)
	s.partial, s.assembling = message{}, false
	if !s.single { // else its end wakes the receiver
		mux.Wake(s.recvWake)
	}
	return nil, nil
}

func (s *stream) overlong() error {
	return protocolErrorf("message on stream %d is longer than the %d bytes announced", s.id, s.partial.total)
}

// announcedTotal returns the size of the message that begins with piece, all or
// the beginning of the message bytes of f, and piece without the announcement.
// length is that of all of f's message bytes.
func announcedTotal(f *frame, piece []byte, length int) (total uint64, rest []byte, err error) {
	if f.flags&flagMore == 0 {
		return uint64(length), piece, nil
	}
	r := reader{b: piece}
	total = r.uint()
	if r.err != nil {
		return 0, nil, protocolErrorf("%s frame on stream %d: %v", f.typ, f.stream, r.err)
	}
	return total, r.b, nil
}

// begin begins to assemble a message of total bytes. Nothing is allocated for
// bytes that have only been announced. It reports false if the call has failed.
// mu is held.
func (s *stream) begin(f *frame, total uint64) bool {
	if total > uint64(s.maxReceive) {
		s.failCall(tooLarge("received", total, s.maxReceive))
		return false
	}
	if s.single && s.begun {
		s.failCall(curlew.Errorf(curlew.InvalidArgument, "%s: more than the one message that a %s call has", s.method.FullName(), s.method.Kind()))
		return false
	}
	s.begun = true
	s.partial, s.assembling = message{total: int(total), compressed: f.flags&flagCompressed != 0}, true
	return true
}

// failCall fails the call from within the read loop, which then tells whom it
// concerns. mu is held.
func (s *stream) failCall(err *curlew.Error) {
	s.failLocked(err)
	s.broken = true
}

func tooLarge(done string, size uint64, limit int) *curlew.Error {
	option := "WithLimits(wire.Limits{MaxReceive: …})"
	if done == "sent" {
		option = "WithLimits(wire.Limits{MaxSend: …})"
	}
	return curlew.Errorf(curlew.ResourceExhausted, "message of %d bytes is larger than the %d that may be %s; raise it by %s", size, limit, done, option)
}

// extend returns the credit to grant so that a message being assembled, which
// somebody waits for, can arrive whole though it is larger than the window. If
// the connection's budget does not allow it now, the stream waits its turn. mu
// is held.
func (s *stream) extend() int64 {
	if !s.assembling || !s.single && !s.receiving {
		return 0
	}
	n := s.win.ShortOf(messageCost(int64(s.partial.total - s.partial.len())))
	if n == 0 {
		return 0
	}
	more := max(0, s.win.Granted+n+s.win.Buffered-s.reserved)
	if !s.c.budget.Grow(more, s.c.budget.Limit) {
		if !s.extending {
			s.extending = true
			s.c.extending = append(s.c.extending, s)
		}
		return 0
	}
	s.reserved += more
	s.win.Granted += n
	return n
}

// extendOthers extends streams that waited for budget. mu is held.
func (c *conn) extendOthers() (credits []credit) {
	waiting := c.extending
	c.extending = nil
	for _, s := range waiting {
		s.extending = false
		if n := s.extend(); n > 0 {
			credits = append(credits, credit{s.id, n})
		}
	}
	return credits
}

// next returns the next message, waiting for it. The error is io.EOF at the
// peer's end, the stream's error, or ctx's.
func (s *stream) next(ctx context.Context) (message, error) {
	c := s.c
	if in := s.inbox; in != nil && in.next < len(in.messages) {
		m := in.take()
		if in.next == len(in.messages) || in.owed >= settleAt {
			c.mu.Lock()
			credits := s.settleInbox()
			c.mu.Unlock()
			c.grant(credits)
		}
		return m, nil
	}
	for {
		c.mu.Lock()
		if len(s.queue) > 0 && (!s.single || s.recvEnd) {
			m := s.queue[0]
			credits := s.consumed(m.cost)
			s.fillInbox()
			c.mu.Unlock()
			c.grant(credits)
			return m, nil
		}
		if s.recvEnd {
			defer c.mu.Unlock()
			if s.err != nil {
				return message{}, s.err
			}
			return message{}, io.EOF
		}
		s.receiving = true
		n := s.extend()
		woken := waitOn(&s.recvWake)
		c.mu.Unlock()
		if n > 0 {
			c.control(frameCredit, s.id, uint64(n))
		}
		select {
		case <-woken:
		case <-ctx.Done():
			c.mu.Lock()
			s.receiving = false
			c.mu.Unlock()
			return message{}, contextError(ctx)
		}
		c.mu.Lock()
		s.receiving = false
		c.mu.Unlock()
	}
}

// inbox is what the receiver of a stream has taken over from its queue at once,
// so that it need not meet the read loop at the lock for every message. It is
// the receiver's, but for out.
type inbox struct {
	messages []message
	next     int
	owed     int64 // cost of messages received and not given back
	out      int64 // cost of messages not given back, received or not; guarded by mu
}

// settleAt is how much a receiver owes at most.
const settleAt = 16 << 10

func (in *inbox) take() message {
	m := in.messages[in.next]
	in.messages[in.next] = message{}
	in.next++
	in.owed += m.cost
	return m
}

// fillInbox takes the first message, which is being received, off the queue, and
// moves the rest to the inbox. mu is held.
func (s *stream) fillInbox() {
	rest := s.queue[1:]
	s.queue[0] = message{}
	if len(rest) == 0 {
		s.queue = s.queue[:0]
		return
	}
	if s.inbox == nil {
		s.inbox = new(inbox)
	}
	in := s.inbox
	spare := in.messages[:0]
	in.messages, in.next = s.queue, 1
	for i := range rest {
		in.out += rest[i].cost
	}
	s.queue = spare
}

// settleInbox gives back what the receiver owes. mu is held.
func (s *stream) settleInbox() []credit {
	in := s.inbox
	n := min(in.owed, in.out) // less if the stream has been dropped
	in.owed = 0
	in.out -= n
	return s.consumed(n)
}

// consumed gives a received message's credit back to the peer. mu is held.
func (s *stream) consumed(cost int64) []credit {
	s.win.Consume(cost)
	if w := &s.win; w.Size > 0 && w.Size < maxWindow && len(s.queue) == 0 && w.Granted < w.Size/4 {
		// The reader has caught up while the sender was short of credit: the
		// window, not the reader, sets the pace.
		if s.c.budget.Grow(w.Size, s.c.budget.Limit/2) {
			s.reserved += w.Size
			w.Size *= 2
		}
	}
	var credits []credit
	if n := s.win.Refill(); n > 0 {
		credits = append(credits, credit{s.id, n})
	}
	s.rebudget()
	return append(credits, s.c.extendOthers()...)
}

// decode decodes m into v and frees m.
func (s *stream) decode(m message, v any) error {
	defer m.free()
	b := m.buf.B
	if m.compressed {
		out, err := gunzip(b, s.maxReceive)
		if err != nil {
			return err
		}
		defer out.Free()
		b = out.B
	}
	if err := s.codec.Decode(b, v); err != nil {
		code := curlew.InvalidArgument
		if s.local {
			code = curlew.Internal
		}
		return curlew.Errorf(code, "%s: decode a message of %d bytes as %s into %T: %w", s.method.FullName(), len(b), s.codec.Name(), v, err).
			WithProgress(curlew.Answered)
	}
	return nil
}

// gunzip undoes gzip, never making more than limit bytes.
func gunzip(b []byte, limit int) (*bufpool.Buf, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, curlew.Errorf(curlew.InvalidArgument, "decompress message: %w", err)
	}
	out := bufpool.Get(0)
	n, err := io.Copy(out, io.LimitReader(z, int64(limit)+1))
	switch {
	case err != nil:
		err = curlew.Errorf(curlew.InvalidArgument, "decompress message: %w", err)
	case n > int64(limit):
		err = curlew.Errorf(curlew.ResourceExhausted, "message of %d compressed bytes is larger than the %d that may be received", len(b), limit)
	default:
		return out, nil
	}
	out.Free()
	return nil, err
}

// contextError is the error of an operation whose ctx has ended.
func contextError(ctx context.Context) *curlew.Error {
	code := curlew.Canceled
	if ctx.Err() == context.DeadlineExceeded {
		code = curlew.DeadlineExceeded
	}
	text := ctx.Err().Error()
	if cause := context.Cause(ctx); cause != ctx.Err() {
		text = fmt.Sprintf("%s: %v", text, cause)
	}
	return curlew.NewError(code, text).WithCause(context.Cause(ctx))
}
