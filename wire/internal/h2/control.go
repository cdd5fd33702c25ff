// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"encoding/binary"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// handlePriority checks a priority and heeds it not.
func (c *conn) handlePriority(f *frame) error {
	switch {
	case f.stream == 0:
		return connErrorf(codeProtocol, "PRIORITY frame on stream 0")
	case len(f.payload) != 5:
		return streamErrorf(f.stream, codeFrameSize, "PRIORITY frame of %d bytes", len(f.payload))
	case dependency(f.payload) == f.stream:
		return streamErrorf(f.stream, codeProtocol, "a stream that depends on itself")
	}
	return c.strike(f.typ)
}

// dependency is the stream on which another depends, at the beginning of p.
func dependency(p []byte) uint32 { return binary.BigEndian.Uint32(p) & maxStreamID }

// handleReset learns that the peer ends a stream.
func (c *conn) handleReset(f *frame) error {
	switch {
	case f.stream == 0:
		return connErrorf(codeProtocol, "RST_STREAM frame on stream 0")
	case len(f.payload) != 4:
		return connErrorf(codeFrameSize, "RST_STREAM frame of %d bytes", len(f.payload))
	}
	code := errCode(binary.BigEndian.Uint32(f.payload))
	c.mu.Lock()
	s := c.streams.Get(uint64(f.stream))
	var err error
	switch {
	case s == nil && c.idle(f.stream):
		err = connErrorf(codeProtocol, "RST_STREAM frame on stream %d, which was never opened", f.stream)
	case s == nil:
		c.ours.remove(f.stream)
		err = c.guard.strike(f.typ)
	case c.accepted:
		err = c.guard.reset(c.most)
	}
	c.mu.Unlock()
	switch {
	case s == nil || err != nil:
		return err
	case s.client != nil:
		s.client.wasReset(code)
	default:
		c.dropComing(s)
		s.lose(curlew.Errorf(curlew.Canceled, "the client canceled the request (%s)", code).WithOrigin(curlew.OriginTransport))
	}
	return nil
}

// handleSettings takes in the peer's settings and acknowledges them.
func (c *conn) handleSettings(f *frame) error {
	switch {
	case f.stream != 0:
		return connErrorf(codeProtocol, "SETTINGS frame on stream %d", f.stream)
	case f.flags&flagAck != 0 && len(f.payload) > 0, len(f.payload)%6 != 0:
		return connErrorf(codeFrameSize, "SETTINGS frame of %d bytes", len(f.payload))
	case f.flags&flagAck != 0 && !c.settled:
		return connErrorf(codeProtocol, "SETTINGS acknowledged before the peer's own")
	case f.flags&flagAck != 0:
		return c.strike(f.typ)
	}
	if err := c.writer.LockControl(); err != nil {
		return err
	}
	c.mu.Lock()
	err := c.applySettings(f.payload)
	if err == nil && c.settled {
		err = c.guard.strike(f.typ)
	}
	c.mu.Unlock()
	b := c.writer.Buffer()
	if err == nil {
		b.B = appendHead(b.B, 0, frameSettings, flagAck, 0)
	}
	c.writer.Unlock(coalesce.Held)
	c.held = true
	if err != nil || c.settled {
		return err
	}
	c.settled = true
	c.hurry(false)
	if c.ready != nil {
		close(c.ready)
	}
	return nil
}

// applySettings changes what follows from the peer's settings. Both locks are
// held.
func (c *conn) applySettings(payload []byte) error {
	before := c.theirs
	if err := c.theirs.set(payload, c.accepted); err != nil {
		return err
	}
	c.encoder.setLimit(c.theirs.leastTable)
	c.encoder.setLimit(c.theirs.tableSize)
	if more := c.theirs.initialWindow - before.initialWindow; more != 0 {
		for s := range c.streams.All() {
			if s.send += more; s.send > maxWindow {
				return connErrorf(codeFlowControl, "SETTINGS_INITIAL_WINDOW_SIZE of %d: the window of stream %d overflows", c.theirs.initialWindow, s.id)
			}
			mux.Wake(s.sendWake)
		}
		c.pushLeftover()
	}
	if !c.accepted {
		for c.open < c.maxOpen() && c.slots.Wake(true) {
			c.open++
		}
	}
	return nil
}

func (c *conn) handlePing(f *frame) error {
	switch {
	case f.stream != 0:
		return connErrorf(codeProtocol, "PING frame on stream %d", f.stream)
	case len(f.payload) != 8:
		return connErrorf(codeFrameSize, "PING frame of %d bytes", len(f.payload))
	}
	if f.flags&flagAck != 0 {
		if string(f.payload) == drainToken {
			c.drainOn()
		}
		return nil
	}
	if err := c.strike(f.typ); err != nil {
		return err
	}
	c.held = true
	token := string(f.payload)
	c.control(coalesce.Held, func(b []byte) []byte { return appendPing(b, flagAck, token) })
	return nil
}

// handleGoAway learns that the peer serves no streams after the last one named.
func (c *conn) handleGoAway(f *frame) error {
	switch {
	case f.stream != 0:
		return connErrorf(codeProtocol, "GOAWAY frame on stream %d", f.stream)
	case len(f.payload) < 8:
		return connErrorf(codeFrameSize, "GOAWAY frame of %d bytes", len(f.payload))
	}
	if c.accepted {
		return c.strike(f.typ) // the client opens no more streams; those that are there go on
	}
	last, code, text := dependency(f.payload), errCode(binary.BigEndian.Uint32(f.payload[4:])), f.payload[8:]
	c.wentAway(last, code, string(text[:min(len(text), maxDebug)]))
	return nil
}

// handleWindowUpdate takes in credit.
func (c *conn) handleWindowUpdate(f *frame) error {
	if len(f.payload) != 4 {
		return connErrorf(codeFrameSize, "WINDOW_UPDATE frame of %d bytes", len(f.payload))
	}
	n := int64(binary.BigEndian.Uint32(f.payload) & maxWindow)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.stream == 0 {
		switch c.send += n; {
		case n == 0:
			return connErrorf(codeProtocol, "WINDOW_UPDATE of 0 for the connection")
		case c.send > maxWindow:
			return connErrorf(codeFlowControl, "WINDOW_UPDATE of %d: the connection's window overflows", n)
		}
		c.callNext()
		c.pushLeftover()
		return nil
	}
	s := c.streams.Get(uint64(f.stream))
	switch {
	case s == nil && c.idle(f.stream):
		return connErrorf(codeProtocol, "WINDOW_UPDATE frame on stream %d, which was never opened", f.stream)
	case n == 0:
		return streamErrorf(f.stream, codeProtocol, "WINDOW_UPDATE of 0")
	case s == nil:
		return nil
	}
	switch s.send += n; {
	case s.send > maxWindow:
		return streamErrorf(f.stream, codeFlowControl, "WINDOW_UPDATE of %d: the stream's window overflows", n)
	}
	mux.Wake(s.sendWake)
	if s.server != nil && s.server.tail != nil {
		c.pushLeftover()
	}
	return nil
}
