// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import "github.com/curlewrpc/curlew/wire/internal/mux"

// directAbove is the size from which what is left of a frame is read straight
// into its message, past the read buffer.
const directAbove = 8 << 10

// readDirect reads the rest of a large DATA frame into its message. It reports
// false if there is no such frame, or nothing is usual about it; then it takes
// the ordinary way.
func (c *conn) readDirect() (bool, error) {
	f, head, length, err := parseHead(c.in.Rest())
	if err != nil || head == 0 || f.typ != frameData || f.flags&flagMessage == 0 {
		return false, err
	}
	prefix := c.in.Rest()[head:]
	if length-len(prefix) < directAbove {
		return false, nil
	}
	s, dst, pass := c.lend(&f, prefix, length)
	if s == nil {
		return false, nil
	}
	if c.coming != nil && c.coming != s.server {
		c.serveComing()
	}
	c.grantOne(0, pass)
	c.in.Skip(head + len(prefix))
	// Beyond the piece the buffer has room for the beginning of what follows.
	have, want := 0, len(dst)
	dst = dst[:min(want+mux.ReadSmall, cap(dst))]
	for have < want && err == nil {
		var n int
		n, err = c.raw.Read(dst[have:])
		have += n
		c.received.Add(int64(n))
		if err != nil && c.interrupted(err) {
			err = nil
		}
	}
	if have > want {
		c.in.Begin(dst[want:have])
	}
	c.in.Expect(mux.ReadSmall)
	t, broken := c.takeBack(s, &f, have >= want)
	switch {
	case broken != nil:
		err = broken
	case have >= want:
		err = nil // it comes again
	}
	c.settle(s, &t)
	return true, err
}

// lend counts a frame of which prefix has been read and begins or extends its
// message, whose buffer is the read loop's until takeBack. It returns the part
// of the buffer that is still to be read; no stream if the frame is not usual.
func (c *conn) lend(f *frame, prefix []byte, length int) (s *stream, dst []byte, pass int64) {
	cost := int64(length) + frameCost
	c.mu.Lock()
	defer c.mu.Unlock()
	s = c.streams.Get(f.stream)
	if s == nil || s.err != nil || s.recvEnd || s.win.Granted < cost || c.recv.Granted < cost {
		return nil, nil, 0
	}
	if !s.assembling {
		total, rest, err := announcedTotal(f, prefix, length)
		if err != nil || total > uint64(s.maxReceive) || s.single && s.begun || total < uint64(length-len(prefix)+len(rest)) {
			return nil, nil, 0
		}
		length -= len(prefix) - len(rest)
		prefix = rest
		s.begin(f, total)
	} else if s.partial.len()+length > s.partial.total {
		return nil, nil, 0
	}
	pass, _ = c.passConnection(f, int(cost-frameCost))
	s.win.Receive(cost)
	m := &s.partial
	m.grow(length)
	m.cost += cost
	at := len(m.buf.B) + len(prefix)
	m.buf.B = append(m.buf.B, prefix...)[:at+length-len(prefix)]
	s.lent = true
	if s.local {
		s.client.knowHeader()
	}
	return s, m.buf.B[at:], pass
}

// takeBack goes on after all of a lent piece has been read.
func (c *conn) takeBack(s *stream, f *frame, whole bool) (t taken, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.lent = false
	switch {
	case !s.assembling: // dropped in the meantime
		s.partial.free()
		return t, nil
	case !whole: // the connection ends
		return t, nil
	}
	if t.credits, err = s.tookPiece(f); err == nil && !s.local {
		err = s.server.end(f)
	}
	return t, err
}
