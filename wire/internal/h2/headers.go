// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// handleHeaders begins a header block.
func (c *conn) handleHeaders(f *frame) error {
	if f.stream%2 == 0 {
		return connErrorf(codeProtocol, "HEADERS frame on stream %d, which no client opens", f.stream)
	}
	p, err := f.unpad()
	if err != nil {
		return err
	}
	self := false
	if f.flags&flagPriority != 0 {
		if len(p) < 5 {
			return connErrorf(codeFrameSize, "HEADERS frame on stream %d too short for its priority", f.stream)
		}
		self = dependency(p) == f.stream
		p = p[5:]
	}
	fresh := false
	if c.accepted {
		c.mu.Lock()
		if fresh = f.stream > c.lastID; fresh {
			c.lastID = f.stream
		}
		c.mu.Unlock()
	}
	c.block.begin(f.stream, f.flags&flagEndStream != 0)
	c.block.self, c.block.fresh = self, fresh
	return c.addToBlock(f, p)
}

// handleContinuation goes on with a header block.
func (c *conn) handleContinuation(f *frame) error {
	if c.block.stream == 0 {
		return connErrorf(codeProtocol, "CONTINUATION frame on stream %d without a header block", f.stream)
	}
	return c.addToBlock(f, f.payload)
}

func (c *conn) addToBlock(f *frame, p []byte) error {
	b := &c.block
	if err := b.add(p); err != nil || f.flags&flagEndHeaders == 0 {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	var err error
	switch {
	case b.self:
		err = streamErrorf(f.stream, codeProtocol, "a stream that depends on itself")
	case b.fresh:
		err = c.takeRequest(f.stream)
	default:
		err = c.takeLaterBlock(f)
	}
	return err
}

// takeLaterBlock takes in a response's head, or trailers.
func (c *conn) takeLaterBlock(f *frame) error {
	c.mu.Lock()
	s := c.streams.Get(uint64(f.stream))
	switch {
	case s == nil && c.idle(f.stream):
		defer c.mu.Unlock()
		return connErrorf(codeProtocol, "HEADERS frame on stream %d, which was never opened", f.stream)
	case s == nil && (!c.accepted || c.ours.has(f.stream)):
		c.mu.Unlock()
		return nil // it was on its way when this side ended the stream
	case s == nil:
		defer c.mu.Unlock()
		return connErrorf(codeStreamClosed, "HEADERS frame on stream %d after its end", f.stream)
	case s.recvEnd:
		defer c.mu.Unlock()
		return streamErrorf(f.stream, codeStreamClosed, "HEADERS frame after the end of the stream")
	}
	c.alive.heard()
	if s.client != nil {
		err := s.client.takeBlock()
		c.mu.Unlock()
		return err
	}
	err := c.takeRequestTrailers(s)
	c.mu.Unlock()
	if err == nil && c.coming != nil && c.coming.id == f.stream {
		c.coming.whole = true
		c.serveComing()
	}
	return err
}

// takeRequestTrailers checks trailers that nobody wants. mu is held.
func (c *conn) takeRequestTrailers(s *stream) error {
	b := &c.block
	switch {
	case !b.end:
		return streamErrorf(s.id, codeProtocol, "a second header block that does not end the stream")
	case b.wrong != "" || b.seen != 0:
		return streamErrorf(s.id, codeProtocol, "malformed trailers: pseudo-header fields, or %s", b.wrong)
	case s.declared >= 0 && s.arrived != s.declared:
		return streamErrorf(s.id, codeProtocol, "a body of other length than its content-length of %d", s.declared)
	}
	s.recvEnd = true
	mux.Wake(s.recvWake)
	s.retireIfOver()
	return nil
}
