// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"compress/gzip"
	"context"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// compressAbove is the size from which compressing a message may pay.
const compressAbove = 1 << 10

// sizer is a codec that knows the size of what it is about to append.
type sizer interface{ Size(message any) int }

// encode encodes v for the wire.
func (s *stream) encode(v any) (buf *bufpool.Buf, fl flags, err error) {
	if v == nil {
		return nil, 0, curlew.Errorf(curlew.InvalidArgument, "%s: the message is nil", s.method.FullName()).WithProgress(curlew.NotSent)
	}
	size := 0
	if c, ok := s.codec.(sizer); ok {
		size = c.Size(v)
	}
	buf = bufpool.Get(size)
	buf.B, err = s.codec.Append(buf.B[:0], v)
	if err != nil {
		buf.Free()
		code := curlew.InvalidArgument
		if !s.local {
			code = curlew.Internal
		}
		return nil, 0, curlew.Errorf(code, "%s: encode %T as %s: %w", s.method.FullName(), v, s.codec.Name(), err).WithProgress(curlew.NotSent)
	}
	if len(buf.B) > s.maxSend {
		defer buf.Free()
		return nil, 0, tooLarge("sent", uint64(len(buf.B)), s.maxSend).WithProgress(curlew.NotSent)
	}
	if s.compress && len(buf.B) >= compressAbove {
		if small := gzipped(buf.B); small != nil {
			buf.Free()
			return small, flagCompressed, nil
		}
	}
	return buf, 0, nil
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

// sendMessage sends what is left of an encoded message from off on, in DATA
// frames, waiting for credit. begun tells whether any of it has been sent, as
// argument before and as result now. end marks the message as the last.
func (s *stream) sendMessage(ctx context.Context, msg []byte, off int, begun bool, fl flags, end bool) (bool, error) {
	for !begun || off < len(msg) {
		n, err := s.acquire(ctx, len(msg)-off, !begun)
		if err != nil {
			return begun, err
		}
		if err := s.c.writer.Lock(ctx); err != nil {
			s.release(n, len(msg)-off, !begun)
			return begun, s.writeError(ctx, err)
		}
		b := s.c.writer.Buffer()
		b.Grow(headRoom + n)
		b.B = appendPiece(b.B, s.id, msg[off:], n, fl, !begun, end)
		s.c.writer.Unlock(coalesce.Now)
		off, begun = off+n, true
	}
	return true, nil
}

// appendPiece appends a DATA frame with the first n bytes of msg.
func appendPiece(b []byte, id uint64, msg []byte, n int, fl flags, first, end bool) []byte {
	fl |= flagMessage
	switch {
	case n < len(msg):
		fl |= flagMore
	case end:
		fl |= flagEnd
	}
	b, start := beginFrame(b, frameData, fl, id)
	if first && n < len(msg) {
		b = appendUvarint(b, uint64(len(msg)))
	}
	return endFrame(append(b, msg[:n]...), start)
}

// announced is the size of a message's total that stands before its first
// piece if more follow.
func announced(n, of int, first bool) int64 {
	if !first || n >= of {
		return 0
	}
	return int64(len(appendUvarint(nil, uint64(of))))
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
		wake(s.sendWake)
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
