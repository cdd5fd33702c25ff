// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"io"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// gathering is a part of a stream's body for which its reader waits as a whole,
// so that it goes straight to where the reader wants it.
type gathering struct {
	buf      *bufpool.Buf // what has come of it
	size     int          // of all of it
	promised int          // counts in the connection's promised
	lent     bool         // the read loop reads into buf, without the lock
}

const (
	// growth is how many times as large as what has come of a part the buffer for
	// it is at most: a length is a stranger's word. If the peer has sent more than
	// that already, its word is taken, for up to maxPromised on a connection.
	growth      = 8
	maxPromised = 8 << 20
)

// gather fills buf, which it takes over, up to the given size. A gather that ctx
// has ended may be tried again, with nil. With any other error it returns what
// has come.
func (s *stream) gather(ctx context.Context, buf *bufpool.Buf, size int) (*bufpool.Buf, error) {
	if buf != nil {
		err := s.beginGathering(&buf, size)
		if buf != nil {
			return buf, err
		}
	}
	c := s.c
	for {
		c.mu.Lock()
		g := s.gathering
		switch {
		case g != nil && g.lent:
		case g == nil || s.err != nil:
			defer c.mu.Unlock()
			return s.gathered(), s.whyDropped()
		case len(g.buf.B) == g.size:
			defer c.mu.Unlock()
			return s.gathered(), nil
		case s.recvEnd:
			defer c.mu.Unlock()
			s.body.end = true
			return s.gathered(), io.EOF
		}
		woken := waitOn(&s.recvWake)
		c.mu.Unlock()
		select {
		case <-woken:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// beginGathering puts what is there into *buf and leaves the rest to the read
// loop. It keeps *buf if nothing is left to wait for.
func (s *stream) beginGathering(buf **bufpool.Buf, size int) error {
	c, r, b := s.c, &s.body, *buf
	for {
		for len(r.chunks) > 0 && len(b.B) < size {
			n := min(len(r.chunks[0].B)-r.off, size-len(b.B))
			b.Grow(n)
			b.B = append(b.B, r.chunks[0].B[r.off:r.off+n]...)
			r.skip(n)
		}
		switch {
		case len(b.B) == size:
			return nil
		case r.end:
			return io.EOF
		}
		c.mu.Lock()
		if len(s.queue) > 0 {
			r.chunks, s.queue = s.queue, nil
			r.end = s.recvEnd && s.err == nil
			c.mu.Unlock()
			continue
		}
		if s.err == nil && !s.recvEnd {
			break
		}
		err := error(io.EOF)
		if r.end = s.err == nil; !r.end {
			err = s.err
		}
		c.mu.Unlock()
		return err
	}
	*buf = nil
	s.gathering = &gathering{buf: b, size: size}
	s.promise()
	n := s.consumed(r.owed)
	r.owed = 0
	n += s.extend(int64(size - len(b.B)))
	c.mu.Unlock()
	c.grant(s.id, n, coalesce.Now)
	return nil
}

// promise makes room for all that is to come, if the peer's word is taken for
// it. mu is held.
func (s *stream) promise() {
	g, c := s.gathering, s.c
	if cap(g.buf.B) >= g.size || int64(c.promised+g.size) > min(c.received.Load(), maxPromised) {
		return
	}
	g.promised = g.size
	c.promised += g.size
	g.buf.Grow(g.size - len(g.buf.B))
}

// makeRoom makes room for n bytes that have come, which are no more than are
// wanted. mu is held.
func (g *gathering) makeRoom(n int) {
	if have := len(g.buf.B); cap(g.buf.B)-have < n {
		g.buf.Grow(min(g.size, max(have+n, growth*have)) - have)
	}
}

// takeWanted takes in as much of p as is wanted. It returns how much that is, and
// the credit to be granted. mu is held.
func (s *stream) takeWanted(p []byte) (n int, credit int64) {
	g := s.gathering
	if n = min(g.wants(), len(p)); n == 0 {
		return 0, 0
	}
	g.makeRoom(n)
	g.buf.B = append(g.buf.B, p[:n]...)
	return n, s.consumed(int64(n))
}

// wants is how many bytes are still to come. mu is held.
func (g *gathering) wants() int {
	if g == nil {
		return 0
	}
	return g.size - len(g.buf.B)
}

// gathered takes the part out, as far as it has come; nil if there is none. mu is
// held.
func (s *stream) gathered() *bufpool.Buf {
	g := s.gathering
	if g == nil {
		return nil
	}
	s.gathering = nil
	s.c.promised -= g.promised
	return g.buf
}

// dropGathering gives up the part. If its buffer is lent, the read loop frees it.
// mu is held.
func (s *stream) dropGathering() {
	lent := s.gathering != nil && s.gathering.lent
	if buf := s.gathered(); buf != nil && !lent {
		buf.Free()
	}
}

// whyDropped is the error of a gather whose part has been dropped. mu is held.
func (s *stream) whyDropped() error {
	if s.err != nil {
		return s.err
	}
	return errReleased
}

// extend returns credit by which all of the n bytes for which a reader waits
// can be sent at once, as far as the budget has it. mu is held.
func (s *stream) extend(n int64) int64 {
	short := s.recv.ShortOf(n)
	if short == 0 || s.recv.Size == 0 || !s.c.budget.Grow(short, s.c.budget.Limit/2) {
		return 0
	}
	s.reserved += short
	s.recv.Granted += short
	return short
}
