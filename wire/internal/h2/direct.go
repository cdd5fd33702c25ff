// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// directAbove is the size from which what is left of a DATA frame is read
// straight to where its reader wants it, past the read buffer.
const directAbove = 8 << 10

// landing is where a frame is read to: into what its reader gathers, or else
// into a chunk for the queue.
type landing struct {
	s     *stream
	buf   *bufpool.Buf
	at    int  // where in buf the frame begins
	chunk bool // buf is a chunk
}

// readDirect reads the rest of a large DATA frame past the read buffer. It
// reports false if there is no such frame, or nothing is usual about it; then it
// takes the ordinary way.
func (c *conn) readDirect(f *frame, length int) (bool, error) {
	prefix := c.in.Rest()[headSize:]
	if f.typ != frameData || f.flags&flagPadded != 0 || length-len(prefix) < directAbove || c.block.stream != 0 {
		return false, nil
	}
	l, grant := c.lend(f, length)
	if l.s == nil {
		return false, nil
	}
	// Beyond the frame the buffer may have room for the beginning of what follows.
	end := l.at + length
	have := l.at + copy(l.buf.B[l.at:end], prefix)
	c.in.Skip(headSize + len(prefix))
	c.grantHeld(0, grant)
	space := l.buf.B[:min(end+mux.ReadSmall, cap(l.buf.B))]
	var err error
	for have < end && err == nil {
		var n int
		n, err = c.raw.Read(space[have:])
		have += n
		c.received.Add(int64(n))
		if err != nil && c.interrupted(err) {
			c.serveComing()
			err = nil
		}
	}
	if have > end {
		c.in.Begin(space[end:have])
	}
	c.in.Expect(mux.ReadSmall)
	if have < end {
		c.takeBack(f, &l, 0)
		return true, err
	}
	t := c.takeBack(f, &l, length)
	c.tookData(f, length, &t)
	return true, nil // an error comes again
}

// lend counts a frame whose head has been read and returns where it goes; that
// is the read loop's until takeBack. There is no stream if the frame is not
// usual.
func (c *conn) lend(f *frame, length int) (l landing, grant int64) {
	cost := int64(length)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams.Get(uint64(f.stream))
	if s == nil || s.err != nil || s.recvEnd || s.recv.Granted < cost || c.recv.Granted < cost {
		return l, 0
	}
	arrives, end := s.arrived+cost, f.flags&flagEndStream != 0
	if s.declared >= 0 && (arrives > s.declared || end && arrives < s.declared) ||
		s.server != nil && s.server.over || s.client != nil && !s.client.responded {
		return l, 0
	}
	switch g := s.gathering; {
	case g == nil && (length <= maxSent || int64(length) <= growth*c.received.Load()):
		l.buf, l.chunk = bufpool.Get(length), true
	case g != nil && g.wants() >= length:
		g.makeRoom(length)
		g.lent = true
		l.buf, l.at = g.buf, len(g.buf.B)
		g.buf.B = g.buf.B[:l.at+length]
	default:
		return l, 0
	}
	l.s = s
	s.recv.Receive(cost)
	c.recv.Receive(cost)
	c.recv.Consume(cost)
	c.alive.heard()
	return l, c.recv.Refill()
}

// takeBack goes on after a frame has been read, or, with n zero, could not be.
func (c *conn) takeBack(f *frame, l *landing, n int) (t taken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, end := l.s, f.flags&flagEndStream != 0
	switch {
	case l.chunk && (n == 0 || s.err != nil || s.retired || s.server != nil && s.server.over), !l.chunk && (s.gathering == nil || s.gathering.buf != l.buf):
		l.buf.Free() // nobody wants it any more
		s.recv.Consume(min(int64(n), s.recv.Buffered))
	case l.chunk:
		// The reader may have begun to gather in the meantime.
		var taken int
		taken, t.credit = s.takeWanted(l.buf.B)
		if l.buf.B = l.buf.B[taken:]; len(l.buf.B) > 0 {
			s.queue = append(s.queue, l.buf)
		} else {
			l.buf.Free()
		}
	default:
		s.gathering.lent = false
		if l.buf.B = l.buf.B[:l.at+n]; n > 0 && !end {
			t.credit = s.consumed(int64(n))
		}
	}
	if s.retired || n == 0 {
		mux.Wake(s.recvWake)
		return t
	}
	s.arrived += int64(n)
	if end {
		s.recvEnd, t.credit, t.complete = true, 0, true
	}
	if end || s.gathering.wants() == 0 {
		c.wakeReader(s, end)
	}
	if end {
		c.bodyEnds(s)
	}
	return t
}
