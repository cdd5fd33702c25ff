// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"errors"
	"io"
	"runtime/debug"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// run reads from the connection, after what has been read already, until it
// ends or until another goroutine goes on with that. All of the connection has
// ended when c.ended is called; those who serve or close it wait for that.
func (c *conn) run(prefix []byte) {
	c.raw.SetReadDeadline(time.Now().Add(c.limits.Handshake))
	if len(prefix) > 0 {
		c.in.Begin(prefix)
	}
	if c.accepted {
		if err := c.readPreface(); err != nil {
			c.conclude(err)
			return
		}
	}
	c.lead()
}

// lead goes on with the read loop, until the connection's end or until another
// goroutine does. Whoever sees the end calls c.ended.
func (c *conn) lead() {
	var left, returned bool
	defer func() {
		switch {
		case returned:
		case left: // runtime.Goexit in a handler: the loop goes on elsewhere
			c.writer.Flush()
		default: // one connection's bug is not the others' end
			what := recover()
			c.logger.Error("panic while serving a connection", "peer", c.peer.String(), "panic", what, "stack", string(debug.Stack()))
			c.conclude(connErrorf(codeInternal, "panic in the read loop"))
		}
	}()
	err := c.read(&left)
	returned = true
	if err != errTakenOver {
		c.conclude(err)
	}
}

// errTakenOver tells that another goroutine goes on with the read loop.
var errTakenOver = errors.New("taken over")

// conclude ends the connection after the read loop has ended with err.
func (c *conn) conclude(err error) {
	c.endTurns()
	c.wakeLast()
	if x := c.coming; x != nil {
		c.dropComing(&x.stream)
	}
	if in := c.next; in != nil { // it has been begun
		c.next = nil
		c.dispatcher.Go(in)
	}
	var broken *connError
	switch {
	case errors.As(err, &broken):
		c.logger.Warn("connection ended", "protocol", protocolName, "peer", c.peer.String(), "reason", broken.Error())
		code := curlew.Unavailable
		if !c.settled {
			code = curlew.FailedPrecondition // trying again does not change what the peer speaks
		}
		lost := curlew.Errorf(code, "connection to %s: %w", c.peer, err).WithOrigin(curlew.OriginTransport)
		c.sayGoodbye(broken.code, lost)
		c.linger()
		c.fail(lost)
	case errors.Is(err, io.EOF):
		c.fail(c.closedByPeer())
	default:
		c.fail(c.transportError("read", err))
	}
	c.in.Free()
	c.end()
}

// closedByPeer is the end of a connection that the peer has closed: an orderly
// one, if it said so or nothing was under way.
func (c *conn) closedByPeer() *curlew.Error {
	err := curlew.Errorf(curlew.Unavailable, "connection to %s: closed by the peer", c.peer).WithOrigin(curlew.OriginTransport)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams.Len() == 0 && c.settled {
		return err.WithCause(errGone)
	}
	return err.WithCause(io.ErrUnexpectedEOF)
}

// readPreface reads what a client's connection begins with.
func (c *conn) readPreface() error {
	for left := preface; left != ""; {
		if len(c.in.Rest()) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
		}
		k := min(len(left), len(c.in.Rest()))
		if string(c.in.Rest()[:k]) != left[:k] {
			return connErrorf(codeProtocol, "the client's preface is not HTTP/2's: %.24q", c.in.Rest())
		}
		left = left[k:]
		c.in.Skip(k)
	}
	return nil
}

// read reads and handles frames until an error. It sets left while the loop may
// go on elsewhere.
func (c *conn) read(left *bool) error {
	for {
		rest := c.in.Rest()
		f, length, ok := parseHead(rest)
		var err error
		switch {
		case ok && (length > c.maxFrame || !c.settled && f.typ != frameSettings):
			return c.misfit(&f, length, rest)
		case !ok || len(rest) < headSize+length:
			err = c.readOn(&f, length, ok)
		default:
			f.payload = rest[headSize : headSize+length]
			err = c.handle(&f)
			if bad, isStream := err.(*streamError); isStream {
				err = c.breakStream(bad)
			}
			c.in.Skip(headSize + length)
		}
		if err != nil {
			return err
		}
		if c.next != nil {
			*left = true
			if !c.serveNext() {
				return errTakenOver
			}
			*left = false
		}
	}
}

// misfit says what is wrong with a frame by its head alone.
func (c *conn) misfit(f *frame, length int, rest []byte) error {
	switch {
	case !c.settled && !c.accepted && len(rest) > 5 && string(rest[:5]) == "HTTP/":
		return connErrorf(codeProtocol, "the server answers as HTTP/1 (%.24q): it does not speak HTTP/2 on this port, or only by TLS", rest)
	case !c.settled && f.typ != frameSettings:
		return connErrorf(codeProtocol, "%s frame before SETTINGS: the peer may not speak HTTP/2; it began with %.16q", f.typ, rest)
	}
	return connErrorf(codeFrameSize, "%s frame of %d bytes on stream %d, more than the %d announced", f.typ, length, f.stream, c.maxFrame)
}

// readOn reads more, because what there is holds no whole frame.
func (c *conn) readOn(f *frame, length int, known bool) error {
	c.flushHeld()
	c.wakeLast()
	if c.coming != nil && !c.endsComing(f, known) {
		c.serveComing() // reading on may take long
		if c.next != nil {
			return nil
		}
	}
	inBlock := c.block.stream != 0 || known && (f.typ == frameHeaders || f.typ == frameContinuation)
	if c.settled && inBlock != c.inHurry {
		c.hurry(inBlock)
	}
	if known {
		if done, err := c.readDirect(f, length); done || err != nil {
			return err
		}
	}
	return c.fill()
}

// endsComing reports whether what there is looks like the beginning of the frame
// that ends the coming request. If that does not come soon, tick interrupts the
// loop.
func (c *conn) endsComing(f *frame, known bool) bool {
	ends := len(c.in.Rest()) > 0 && (!known || f.typ == frameData && f.flags&flagEndStream != 0 && f.stream == c.coming.id)
	if ends {
		c.mu.Lock()
		if c.patience.IsZero() {
			c.patience = time.Now()
		}
		c.mu.Unlock()
	}
	return ends
}

// hurry bounds the time for the rest of a header block, or bounds it no longer.
func (c *conn) hurry(on bool) {
	limit := time.Time{}
	if on {
		limit = time.Now().Add(c.limits.Handshake)
	}
	c.mu.Lock() // for settleDown
	c.inHurry, c.settling = on, false
	c.raw.SetReadDeadline(limit)
	c.mu.Unlock()
}

// flushHeld has the frames written that waited for more to be read.
func (c *conn) flushHeld() {
	if c.held {
		c.held = false
		c.writer.Flush()
	}
}

// fill reads more.
func (c *conn) fill() error {
	n, err := c.in.Fill()
	c.received.Add(int64(n))
	if err != nil && c.interrupted(err) {
		if c.coming != nil {
			c.serveComing()
			return nil
		}
		return c.doze()
	}
	return err
}

// handle handles one frame. Its error ends the stream or the connection.
func (c *conn) handle(f *frame) error {
	if c.block.stream != 0 && (f.typ != frameContinuation || f.stream != c.block.stream) {
		return connErrorf(codeProtocol, "%s frame on stream %d inside the header block of stream %d", f.typ, f.stream, c.block.stream)
	}
	switch f.typ {
	case frameData:
		return c.handleData(f)
	case frameHeaders:
		return c.handleHeaders(f)
	case frameContinuation:
		return c.handleContinuation(f)
	case framePriority:
		return c.handlePriority(f)
	case frameReset:
		return c.handleReset(f)
	case frameSettings:
		return c.handleSettings(f)
	case framePing:
		return c.handlePing(f)
	case frameGoAway:
		return c.handleGoAway(f)
	case frameWindowUpdate:
		return c.handleWindowUpdate(f)
	case framePushPromise:
		return connErrorf(codeProtocol, "PUSH_PROMISE frame, which nobody asked for")
	}
	return c.strike(f.typ) // RFC 9113, section 5.5: of unknown types
}

// strike counts a frame that costs more than it is good for.
func (c *conn) strike(t frameType) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.guard.strike(t)
}

// breakStream tells the peer that a stream is over because of an error.
func (c *conn) breakStream(bad *streamError) error {
	c.logger.Debug("stream ended", "protocol", protocolName, "peer", c.peer.String(), "reason", bad.Error())
	c.mu.Lock()
	s := c.streams.Get(uint64(bad.stream))
	c.ours.add(bad.stream)
	err := c.guard.strike(frameReset)
	c.mu.Unlock()
	c.held = true
	c.control(coalesce.Held, func(b []byte) []byte { return appendReset(b, bad.stream, bad.code) })
	if s != nil {
		c.dropComing(s)
		s.lose(curlew.Errorf(curlew.Internal, "connection to %s: %w", c.peer, bad).WithOrigin(curlew.OriginTransport).WithProgress(curlew.MaybeSent))
	}
	return err
}
