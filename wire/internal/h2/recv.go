// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"io"
	"time"

	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// reader is what whoever reads a stream's body has taken over from the queue at
// once, so that it need not meet the read loop at the lock for every piece. It
// belongs to the one who reads.
type reader struct {
	chunks []*bufpool.Buf
	off    int   // of the first chunk
	owed   int64 // read and not given back
	end    bool  // nothing comes after chunks
}

// chunkSize is the largest chunk that is made for small pieces.
const chunkSize = 64 << 10

// settleAt is how much a reader owes at most.
const settleAt = 16 << 10

// take takes in a piece of the body and returns the credit to be granted. mu is
// held.
func (s *stream) take(p []byte) int64 {
	s.arrived += int64(len(p))
	n, credit := s.takeWanted(p)
	s.enqueue(p[n:])
	return credit
}

// enqueue has a piece of the body wait for its reader. mu is held.
func (s *stream) enqueue(p []byte) {
	if len(p) == 0 {
		return
	}
	if n := len(s.queue); n > 0 {
		if last := s.queue[n-1]; cap(last.B)-len(last.B) >= len(p) {
			last.B = append(last.B, p...)
			return
		}
	}
	size := len(p)
	if !s.recvEnd { // more is to come: as much as has come, or was announced
		size = max(size, int(min(s.arrived, chunkSize)))
		if s.declared > 0 {
			size = max(len(p), int(min(s.declared-s.arrived+int64(len(p)), chunkSize, 4*s.arrived)))
		}
	}
	b := bufpool.Get(size)
	b.B = append(b.B[:0], p...)
	s.queue = append(s.queue, b)
}

// read reads the stream's body.
func (s *stream) read(ctx context.Context, p []byte) (int, error) {
	r := &s.body
	for len(r.chunks) == 0 {
		if r.end {
			return 0, io.EOF
		}
		if err := s.refill(ctx); err != nil {
			return 0, err
		}
	}
	first := r.chunks[0]
	n := copy(p, first.B[r.off:])
	r.skip(n)
	s.settleSome()
	return n, nil
}

// takeChunk hands over the next piece of the body, in a buffer that is the
// caller's.
func (s *stream) takeChunk(ctx context.Context) (*bufpool.Buf, error) {
	r := &s.body
	for len(r.chunks) == 0 {
		if r.end {
			return nil, io.EOF
		}
		if err := s.refill(ctx); err != nil {
			return nil, err
		}
	}
	first := r.chunks[0]
	first.B = first.B[r.off:]
	r.owed += int64(len(first.B))
	r.chunks[0] = nil
	r.chunks, r.off = r.chunks[1:], 0
	s.settleSome()
	return first, nil
}

// skip counts n bytes of the first chunk as read.
func (r *reader) skip(n int) {
	r.off += n
	r.owed += int64(n)
	if first := r.chunks[0]; r.off == len(first.B) {
		first.Free()
		r.chunks[0] = nil
		r.chunks, r.off = r.chunks[1:], 0
	}
}

// settleSome gives back the credit for what has been read, if it is time to.
func (s *stream) settleSome() {
	if r := &s.body; len(r.chunks) == 0 && !r.end || r.owed >= settleAt {
		s.settle()
	}
}

// refill takes over what there is to read, or waits.
func (s *stream) refill(ctx context.Context) error {
	c, r := s.c, &s.body
	c.mu.Lock()
	switch {
	case len(s.queue) > 0:
		r.chunks, s.queue = s.queue, nil
		r.end = s.recvEnd && s.err == nil
		c.mu.Unlock()
		return nil
	case s.err != nil:
		defer c.mu.Unlock()
		return s.err
	case s.recvEnd:
		r.end = true
		c.mu.Unlock()
		return nil
	}
	woken := waitOn(&s.recvWake)
	c.mu.Unlock()
	select {
	case <-woken:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle gives back the credit for what has been read.
func (s *stream) settle() {
	c := s.c
	c.mu.Lock()
	n := s.consumed(s.body.owed)
	s.body.owed = 0
	c.mu.Unlock()
	c.grant(s.id, n, coalesce.Now)
}

// consumed counts n bytes as read and returns the credit to be granted. mu is
// held.
func (s *stream) consumed(n int64) int64 {
	s.recv.Consume(min(n, s.recv.Buffered)) // less if the stream has been dropped
	if w := &s.recv; w.Size > 0 && w.Size < maxStreamWindow && len(s.queue) == 0 && w.Granted < w.Size/4 && !s.recvEnd {
		// The reader has caught up while the sender was short of credit: the
		// window, not the reader, sets the pace.
		if s.c.budget.Grow(w.Size, s.c.budget.Limit/2) {
			s.reserved += w.Size
			w.Size *= 2
		}
	}
	granted := int64(0)
	if !s.recvEnd {
		granted = s.recv.Refill()
	}
	s.rebudget()
	return granted
}

// handleData takes in a DATA frame.
func (c *conn) handleData(f *frame) error {
	if f.stream == 0 {
		return connErrorf(codeProtocol, "DATA frame on stream 0")
	}
	data, err := f.unpad()
	if err != nil {
		return err
	}
	c.mu.Lock()
	t, err := c.takeData(f, data)
	c.mu.Unlock()
	c.tookData(f, len(f.payload), &t)
	return err
}

// tookData does what taking in a DATA frame has left to do.
func (c *conn) tookData(f *frame, length int, t *taken) {
	if length == c.maxFrame && length < maxFrame {
		c.maxFrame = maxFrame
		c.held = true
		c.control(coalesce.Held, func(b []byte) []byte {
			return appendSetting(appendHead(b, 6, frameSettings, 0, 0), settingMaxFrame, maxFrame)
		})
	}
	c.grantHeld(0, t.grant)
	c.grantHeld(f.stream, t.credit)
	if t.unwanted {
		c.held = true
		c.control(coalesce.Held, func(b []byte) []byte { return appendReset(b, f.stream, codeNo) })
	}
	if t.complete && c.coming != nil && c.coming.id == f.stream {
		c.coming.whole = true
		c.serveComing()
	}
}

// grantHeld grants credit from within the read loop.
func (c *conn) grantHeld(stream uint32, n int64) {
	if n > 0 {
		c.grant(stream, n, coalesce.Held)
		c.held = true
	}
}

// taken is what taking in a DATA frame leaves to do.
type taken struct {
	grant    int64 // credit for the connection
	credit   int64 // and for the stream
	complete bool  // the body is
	unwanted bool  // nobody wants it: the stream is over
}

// takeData is handleData with mu held.
func (c *conn) takeData(f *frame, data []byte) (t taken, err error) {
	cost := int64(len(f.payload))
	ok := c.recv.Receive(cost)
	// It comes back as soon as it has left the socket: no stream can starve another.
	c.recv.Consume(cost)
	if !ok {
		return t, connErrorf(codeFlowControl, "DATA frame of %d bytes beyond the connection's window", cost)
	}
	t.grant = c.recv.Refill()
	end := f.flags&flagEndStream != 0
	if len(data) == 0 && !end {
		if err := c.guard.strike(f.typ); err != nil {
			return t, err
		}
	}
	s := c.streams.Get(uint64(f.stream))
	if s == nil {
		return t, c.closedStream(f)
	}
	switch {
	case s.recvEnd:
		return t, streamErrorf(f.stream, codeStreamClosed, "DATA frame after the end of the stream")
	case s.client != nil && !s.client.responded:
		return t, streamErrorf(f.stream, codeProtocol, "DATA frame before the response's head")
	case !s.recv.Receive(cost):
		return t, streamErrorf(f.stream, codeFlowControl, "DATA frame of %d bytes, %d beyond the stream's window", cost, -s.recv.Granted)
	}
	if pad := cost - int64(len(data)); pad > 0 {
		s.recv.Consume(pad)
		t.credit = s.recv.Refill()
	}
	arrived := s.arrived + int64(len(data))
	if s.declared >= 0 && (arrived > s.declared || end && arrived < s.declared) {
		return t, streamErrorf(f.stream, codeProtocol, "a body of other length than its content-length of %d", s.declared)
	}
	c.alive.heard()
	if end {
		s.recvEnd, t.credit, t.complete = true, 0, true
	}
	if s.server != nil && s.server.over { // nobody will read it
		s.recv.Consume(int64(len(data)))
		s.arrived = arrived
		if t.unwanted = s.sendEnd && !end; t.unwanted {
			s.server.stop()
		}
	} else {
		t.credit += s.take(data)
		if end || s.gathering.wants() == 0 {
			c.wakeReader(s, end)
		}
	}
	if end {
		c.bodyEnds(s)
	}
	return t, nil
}

// bodyEnds goes on when a stream's body is there as a whole. mu is held.
func (c *conn) bodyEnds(s *stream) {
	c.patience = time.Time{}
	c.usual = max(s.arrived, c.usual-c.usual/8)
	s.retireIfOver()
}

// wakeReader wakes the one who reads from a stream, or has it woken before the
// loop reads on: most often the rest of what it waits for is there already. It is
// for the read loop. mu is held.
func (c *conn) wakeReader(s *stream, now bool) {
	if c.toWake != nil && c.toWake != s {
		mux.Wake(c.toWake.recvWake)
	}
	c.toWake = s
	if now {
		mux.Wake(s.recvWake)
		c.toWake = nil
	}
}

// wakeLast wakes the reader that was left to be woken.
func (c *conn) wakeLast() {
	if s := c.toWake; s != nil {
		c.toWake = nil
		c.mu.Lock()
		mux.Wake(s.recvWake)
		c.mu.Unlock()
	}
}

// closedStream says what is wrong with a frame on a stream that is not there;
// nil if nothing is. mu is held.
func (c *conn) closedStream(f *frame) error {
	if c.idle(f.stream) {
		return connErrorf(codeProtocol, "%s frame on stream %d, which was never opened", f.typ, f.stream)
	}
	if !c.accepted || c.ours.has(f.stream) {
		return nil // it was on its way when this side ended the stream
	}
	if err := c.guard.strike(f.typ); err != nil {
		return err
	}
	return streamErrorf(f.stream, codeStreamClosed, "%s frame after the end of the stream", f.typ)
}

// idle reports whether a stream has not been opened. mu is held.
func (c *conn) idle(id uint32) bool {
	if c.accepted {
		return id%2 == 0 || id > c.lastID
	}
	return id%2 == 0 || id >= c.nextID
}
