// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"compress/gzip"
	"context"
	"io"
	"math/bits"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// compressAbove is the size from which compressing a message may pay.
const compressAbove = 1 << 10

// outgoing is an encoded message on its way out.
type outgoing struct {
	buf    *bufpool.Buf      // nil: there is none
	shared *coalesce.Payload // holds buf, if it is large enough to be written from there
	flags  flags
}

// shareAbove is the size from which a message is not copied to be written.
const shareAbove = 32 << 10

func (m *outgoing) size() int { return len(m.buf.B) }

func (m *outgoing) free() {
	switch {
	case m.shared != nil:
		m.shared.Release()
	case m.buf != nil:
		m.buf.Free()
	}
}

// sizer is a codec that knows the size of what it is about to append.
type sizer interface{ Size(message any) int }

// usualSize is the room for a message that is not expected to be large. To ask
// for its size first would cost more.
const usualSize = 2 << 10

// encode encodes v for the wire.
func (s *stream) encode(v any) (m outgoing, err error) {
	if v == nil {
		return m, curlew.Errorf(curlew.InvalidArgument, "%s: the message is nil", s.method.FullName()).WithProgress(curlew.NotSent)
	}
	size := usualSize
	if s.c.sizes.Load() > usualSize {
		if c, ok := s.codec.(sizer); ok {
			size = max(c.Size(v), usualSize)
		}
	}
	buf := bufpool.Get(size)
	buf.B, err = s.codec.Append(buf.B[:0], v)
	if err != nil {
		buf.Free()
		code := curlew.InvalidArgument
		if !s.local {
			code = curlew.Internal
		}
		return m, curlew.Errorf(code, "%s: encode %T as %s: %w", s.method.FullName(), v, s.codec.Name(), err).WithProgress(curlew.NotSent)
	}
	if len(buf.B) > s.maxSend {
		defer buf.Free()
		return m, tooLarge("sent", uint64(len(buf.B)), s.maxSend).WithProgress(curlew.NotSent)
	}
	s.c.sizes.Store(max(int64(len(buf.B)), s.c.sizes.Load()*7/8))
	m.buf = buf
	if s.compress && len(buf.B) >= compressAbove {
		if small := gzipped(buf.B); small != nil {
			buf.Free()
			m.buf, m.flags = small, flagCompressed
		}
	}
	if m.size() > shareAbove {
		m.shared = coalesce.NewPayload(m.buf)
	}
	return m, nil
}

// gzipped returns b compressed, nil if that is not smaller.
func gzipped(b []byte) *bufpool.Buf {
	out := bufpool.Get(0)
	z, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
	z.Write(b)
	z.Close()
	if len(out.B) >= len(b) {
		out.Free()
		return nil
	}
	return out
}

// sendMessage sends what is left of a message from off on, in DATA frames,
// waiting for credit. begun tells whether any of it has been sent, as argument
// before and as result now. end marks the message as the last.
func (s *stream) sendMessage(ctx context.Context, m *outgoing, off int, begun, end bool, when coalesce.When) (bool, error) {
	for !begun || off < m.size() {
		left := m.size() - off
		n, err := s.acquire(ctx, left, !begun)
		if err != nil {
			return begun, err
		}
		if err := s.c.writer.Lock(ctx); err != nil {
			s.release(n, left, !begun)
			return begun, s.writeError(ctx, err)
		}
		s.appendPiece(m, off, n, !begun, end)
		s.c.writer.Unlock(when)
		off, begun = off+n, true
	}
	return true, nil
}

// often is the time from the end of sending one message of a stream to the next
// below which they are left to a goroutine to write, together with those that
// follow.
const often = 50 * time.Microsecond

// sendNext sends the next of a stream's messages; see sendMessage.
func (s *stream) sendNext(ctx context.Context, m *outgoing) (begun bool, err error) {
	when := s.soon()
	begun, err = s.sendMessage(ctx, m, 0, false, false, when)
	if when == coalesce.Now {
		s.lastSend = time.Since(s.c.born) // to write may take longer than often
	}
	return begun, err
}

// soon tells when the next message of a stream is written: at once, unless they
// come so fast that it pays to collect some.
func (s *stream) soon() coalesce.When {
	now := time.Since(s.c.born)
	since := now - s.lastSend
	s.lastSend = now
	if since < often {
		return coalesce.Later
	}
	return coalesce.Now
}

// appendPiece appends a DATA frame with n bytes of m from off on. The writer's
// lock is held.
func (s *stream) appendPiece(m *outgoing, off, n int, first, end bool) {
	fl := m.flags | flagMessage
	left := m.size() - off
	switch {
	case n < left:
		fl |= flagMore
	case end:
		fl |= flagEnd
	}
	w := s.c.writer
	b := w.Buffer()
	b.Grow(headRoom)
	length := n + int(announced(n, left, first))
	b.B = appendHead(b.B, frameData, fl, s.id, length)
	if length > n {
		b.B = appendUvarint(b.B, uint64(left))
	}
	if m.shared != nil {
		w.AppendPayload(m.shared, off, off+n)
		return
	}
	b.Grow(n)
	b.B = append(b.B, m.buf.B[off:off+n]...)
}

// announced is the size of a message's total that stands before its first
// piece if more follow.
func announced(n, of int, first bool) int64 {
	if !first || n >= of {
		return 0
	}
	return int64(bits.Len64(uint64(of)|1)+6) / 7
}

// maxPiece leaves room in a frame for the announced total.
const maxPiece = maxFrame - 8

// acquire waits for credit and takes it, for a piece of at most want bytes. It
// returns the piece's size.
func (s *stream) acquire(ctx context.Context, want int, first bool) (int, error) {
	c := s.c
	for {
		c.mu.Lock()
		switch {
		case s.err != nil:
			defer c.mu.Unlock()
			return 0, s.err
		case s.local && s.recvEnd:
			// The call ended well without all of the requests: Receive knows.
			c.mu.Unlock()
			return 0, io.EOF
		}
		if n := s.tryAcquire(want, maxPiece, first); n >= 0 {
			c.mu.Unlock()
			return n, nil
		}
		if !s.starved {
			s.starved = true
			c.starved = append(c.starved, s)
		}
		woken := waitOn(&s.sendWake)
		c.mu.Unlock()
		c.writer.Flush() // what may have been held
		select {
		case <-woken:
		case <-ctx.Done():
			return 0, contextError(ctx)
		}
	}
}

// tryAcquire takes credit for a piece of at most want bytes, -1 if there is not
// enough for one; no more than most go into one frame. mu is held.
func (s *stream) tryAcquire(want, most int, first bool) int {
	n := int64(min(want, most))
	if int64(want) > n || s.send.credit < n+frameCost || s.c.send.credit < n+frameCost {
		// Not all of it goes into this frame: leave room for the total.
		n = s.send.room(n)
		if n >= 0 {
			n = s.c.send.room(n)
		}
		if n -= announced(0, want, first); n < 0 || n == 0 && want > 0 {
			return -1
		}
	}
	taken := n + announced(int(n), want, first)
	s.send.take(taken)
	s.c.send.take(taken)
	return int(n)
}

// release gives back what acquire took for n bytes that were not sent.
func (s *stream) release(n, of int, first bool) {
	taken := int64(n) + announced(n, of, first)
	s.c.mu.Lock()
	s.send.giveBack(taken)
	s.c.send.giveBack(taken)
	s.c.wakeStarved()
	s.c.mu.Unlock()
}

// wakeStarved wakes those who wait for credit, in order. mu is held.
func (c *conn) wakeStarved() {
	waiting := c.starved
	c.starved = nil
	for _, s := range waiting {
		s.starved = false
		mux.Wake(s.sendWake)
	}
}

// writeError describes why a frame could not be appended.
func (s *stream) writeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	// Whoever sees the failure ends the connection: one that cannot be written to
	// must not be chosen for the next call.
	lost := s.c.transportError("write", err)
	s.c.fail(lost)
	return s.c.lostError(lost, s)
}
