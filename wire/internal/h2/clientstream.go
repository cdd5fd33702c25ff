// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
	"github.com/curlewrpc/curlew/wire/internal/mux"
)

// clientStream is a request of this side's and its response, as a
// [wire.ClientExchange].
type clientStream struct {
	stream
	request  *wire.HTTPRequest // until its head is sent
	length   int64             // of its body; -1 if not known
	isHead   bool              // its method is HEAD
	deadline time.Time         // of the context it was made with; zero: none
	written  int64             // of the request's body; of the goroutine that writes
	lastSend time.Duration     // since the connection began; of the goroutine that writes
	credit   int64             // goes out with the head; guarded by the writer's lock

	// Guarded by c.mu.
	start     int64 // where the head stands in the connection's bytes
	responded bool  // the response's head has come
	status    int
	fields    wire.Fields
	trailers  wire.Fields
	room      [4]wire.Field // of fields
	more      [2]wire.Field // of trailers
}

var _ wire.ClientExchange = (*clientStream)(nil)

// Peer implements [wire.ClientExchange].
func (x *clientStream) Peer() *curlew.Peer { return x.c.peer }

// Write implements [wire.ClientExchange]. The head goes out with it even if p is
// empty.
func (x *clientStream) Write(ctx context.Context, p []byte) (int, error) {
	return x.writeBody(ctx, content{p: p})
}

// WriteBuffer is Write with a buffer that it takes over.
func (x *clientStream) WriteBuffer(ctx context.Context, b *bufpool.Buf) error {
	if len(b.B) <= shareAbove {
		defer b.Free()
		_, err := x.Write(ctx, b.B)
		return err
	}
	d := share(b)
	defer d.release()
	_, err := x.writeBody(ctx, d)
	return err
}

func (x *clientStream) writeBody(ctx context.Context, d content) (int, error) {
	length, after := x.length, x.written+int64(len(d.p))
	if length >= 0 && after > length {
		return 0, x.wrongLength(after)
	}
	n, err := x.write(ctx, d, after == length)
	x.written += int64(n)
	return n, err
}

func (x *clientStream) wrongLength(n int64) error {
	return curlew.Errorf(curlew.Internal, "a request body of %d bytes was announced, %d were written", x.length, n)
}

// write sends d, after the head if that has not been sent. end says that nothing
// follows.
func (x *clientStream) write(ctx context.Context, d content, end bool) (int, error) {
	c := x.c
	for off, size := 0, len(d.p); ; {
		if err := c.writer.Lock(ctx); err != nil {
			return off, x.gaveUp(ctx, err)
		}
		c.mu.Lock()
		fresh, err := x.mayWrite()
		if err != nil {
			c.mu.Unlock()
			c.writer.Unlock(coalesce.Now)
			return off, err
		}
		n := x.takeCredit(size - off)
		c.guard.sent()
		last := end && off+n == size
		if last {
			x.sendEnd = true
			x.retireIfOver()
		}
		var woken <-chan struct{}
		if off+n < size && n == 0 {
			woken = x.starve()
		}
		open := c.open
		c.mu.Unlock()
		x.append(fresh, d.slice(off, off+n), last)
		switch {
		case last && off == 0:
			c.writer.Unlock(c.soonFor(open))
		case size == 0: // the head: what follows at once goes out with it
			c.writer.Unlock(coalesce.Later)
		default:
			c.unlock(&x.lastSend)
		}
		if off += n; off == size {
			return off, nil
		}
		if woken != nil {
			select {
			case <-woken:
			case <-ctx.Done():
				return off, x.gaveUp(ctx, context.Cause(ctx))
			}
		}
	}
}

// Widen lets the server send more of the response ahead of its reader, as far as
// the connection's budget has room. It is for a response of many messages, to be
// called before there is one.
func (x *clientStream) Widen() {
	x.c.mu.Lock()
	n := x.widen(mux.WideWindow)
	x.c.mu.Unlock()
	x.c.grant(x.id, n, coalesce.Later)
}

// append appends what a write sends. The writer's lock is held.
func (x *clientStream) append(fresh bool, d content, last bool) {
	fl := flags(0)
	if last {
		fl = flagEndStream
	}
	c := x.c
	if fresh {
		if len(d.p) > 0 {
			c.appendRequest(x.request, x.id, 0)
		} else {
			c.appendRequest(x.request, x.id, fl)
		}
		if x.credit > 0 {
			b := c.writer.Buffer()
			b.B = appendWindowUpdate(b.B, x.id, x.credit)
		}
		if len(d.p) == 0 {
			return
		}
	}
	c.appendData(x.id, d, fl)
}

// mayWrite opens the stream if that has not been done; then fresh is true. Both
// locks are held.
func (x *clientStream) mayWrite() (fresh bool, err error) {
	switch c := x.c; {
	case x.err != nil:
		return false, x.err
	case x.sendEnd:
		return false, io.EOF
	case x.id != 0:
		return false, nil
	default:
		if err := c.refusal(); err != nil {
			return false, err
		}
		if !x.enter(c.nextID) {
			return false, curlew.Errorf(curlew.Unavailable, "connection to %s: too many received bytes wait for readers", c.peer).WithProgress(curlew.NotSent)
		}
		x.start = c.writer.Offset()
		x.credit = x.widen(c.usual)
		c.watch()
		if c.nextID += 2; c.nextID > maxStreamID {
			c.leave() // another connection has numbers left
		}
		return true, nil
	}
}

// gaveUp ends the exchange because something could not be sent.
func (x *clientStream) gaveUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		failed := x.contextError(ctx)
		x.Reset(failed)
		return failed
	}
	// Whoever sees the failure ends the connection: one that cannot be written to
	// must not be chosen for the next exchange.
	lost := x.c.transportError("write", err)
	x.c.fail(lost)
	return x.c.lostError(lost, &x.stream)
}

// contextError is the error of a wait that ctx has ended.
func (x *clientStream) contextError(ctx context.Context) *curlew.Error {
	err := httpwire.ContextError(ctx)
	if !x.sent(x.c) {
		return err.WithProgress(curlew.NotSent)
	}
	return err.WithProgress(curlew.MaybeSent)
}

// sent reports whether any of the exchange may have left.
func (x *clientStream) sent(c *conn) bool {
	c.mu.Lock()
	id, start := x.id, x.start
	c.mu.Unlock()
	return id != 0 && c.writer.Flushed(start)
}

// CloseWrite implements [wire.ClientExchange].
func (x *clientStream) CloseWrite() error {
	switch length := x.length; {
	case length > x.written:
		return x.wrongLength(x.written)
	case length > 0:
		return nil // it went with the last byte
	}
	c := x.c
	if err := c.writer.LockControl(); err != nil {
		return x.gaveUp(context.Background(), err)
	}
	c.mu.Lock()
	ended := x.sendEnd && x.err == nil
	fresh, err := x.mayWrite()
	if err == nil {
		x.sendEnd = true
		x.retireIfOver()
	}
	c.mu.Unlock()
	if err == nil {
		x.append(fresh, content{}, true)
	}
	c.writer.Unlock(coalesce.Now)
	if ended && x.length >= 0 {
		return nil
	}
	return err
}

// Response implements [wire.ClientExchange].
func (x *clientStream) Response(ctx context.Context) (int, wire.Fields, error) {
	c := x.c
	for {
		c.mu.Lock()
		status, fields, responded, err := x.status, x.fields, x.responded, x.err
		var woken <-chan struct{}
		if !responded && err == nil {
			if x.recvWake == nil {
				x.recvWake = c.wakes.Get()
			}
			woken = x.recvWake
		}
		c.mu.Unlock()
		switch {
		case responded:
			return status, fields, nil
		case err != nil:
			return 0, nil, err
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return 0, nil, x.contextError(ctx)
		}
	}
}

// Read implements [wire.ClientExchange]. One may read on after ctx has ended.
func (x *clientStream) Read(ctx context.Context, p []byte) (int, error) {
	n, err := x.read(ctx, p)
	return n, x.readError(ctx, err)
}

// TakeChunk hands over the next piece of the body rather than copy it.
func (x *clientStream) TakeChunk(ctx context.Context) (*bufpool.Buf, error) {
	b, err := x.takeChunk(ctx)
	return b, x.readError(ctx, err)
}

// Gather fills buf up to the given size; see [httpwire.Gatherer].
func (x *clientStream) Gather(ctx context.Context, buf *bufpool.Buf, size int) (*bufpool.Buf, error) {
	b, err := x.gather(ctx, buf, size)
	return b, x.readError(ctx, err)
}

// readError describes why the body could not be read.
func (x *clientStream) readError(ctx context.Context, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var e *curlew.Error
	if !errors.As(err, &e) || ctx.Err() != nil && e == context.Cause(ctx) {
		return x.contextError(ctx)
	}
	return err
}

// Trailers implements [wire.ClientExchange].
func (x *clientStream) Trailers() wire.Fields {
	x.c.mu.Lock()
	defer x.c.mu.Unlock()
	return x.trailers
}

var errReleased = curlew.NewError(curlew.Canceled, "the exchange was released")

// Reset implements [wire.ClientExchange]. Without a cause the caller is the one
// who reads, and does so no more.
func (x *clientStream) Reset(cause error) {
	c := x.c
	err := errReleased
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	code := codeCancel
	c.mu.Lock()
	live := x.id != 0 && x.err == nil && !(x.recvEnd && x.sendEnd)
	if live && x.recvEnd {
		code = codeNo
	}
	x.fail(err)
	x.dropQueue()
	if cause == nil {
		c.wakes.Put(x.recvWake)
		x.recvWake = nil
	}
	c.mu.Unlock()
	if live {
		c.control(coalesce.Now, func(b []byte) []byte { return appendReset(b, x.id, code) })
	}
}

// wasReset learns that the server ends the stream.
func (x *clientStream) wasReset(code errCode) {
	c := x.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if x.recvEnd { // the response is complete; it wants no more of the request
		x.sendEnd = true
		x.retire()
		mux.Wake(x.sendWake)
		return
	}
	why := curlewCode(code)
	if code == codeCancel && !x.deadline.IsZero() && !time.Now().Before(x.deadline) {
		why = curlew.DeadlineExceeded // the server's clock was the first to tell
	}
	err := curlew.Errorf(why, "%s ended the exchange with RST_STREAM (%s)", c.peer, code).WithOrigin(curlew.OriginServer)
	if code == codeRefused {
		err = err.WithOrigin(curlew.OriginTransport).WithProgress(curlew.Refused)
	}
	x.fail(err)
}

// curlewCode is the code for a stream that the server has ended (gRPC over
// HTTP/2, "Errors").
func curlewCode(code errCode) curlew.Code {
	switch code {
	case codeRefused:
		return curlew.Unavailable
	case codeCancel:
		return curlew.Canceled
	case codeCalm:
		return curlew.ResourceExhausted
	case codeSecurity:
		return curlew.PermissionDenied
	}
	return curlew.Internal
}

// takeBlock takes in the response's head or its trailers. mu is held.
func (x *clientStream) takeBlock() error {
	b := &x.c.block
	switch {
	case b.tooLarge():
		x.fail(curlew.Errorf(curlew.ResourceExhausted, "header of more than the %d bytes allowed here; raise it by WithLimits(wire.Limits{MaxHeader: …})", x.c.limits.MaxHeader).
			WithProgress(curlew.Answered))
		return streamErrorf(x.id, codeCancel, "header of more than %d bytes", b.limit)
	case x.responded:
		return x.takeTrailers()
	}
	status, wrong := b.response()
	length := int64(-1)
	if wrong == "" {
		length, wrong = b.length()
	}
	switch {
	case wrong != "":
		return streamErrorf(x.id, codeProtocol, "malformed response: %s", wrong)
	case status < 200 && (b.end || status == http.StatusSwitchingProtocols):
		return streamErrorf(x.id, codeProtocol, "malformed response: status %d", status)
	case status < 200:
		return nil // RFC 9110, section 15.2: another follows
	case x.isHead || status == http.StatusNoContent || status == http.StatusNotModified:
	case b.end && length > 0:
		return streamErrorf(x.id, codeProtocol, "malformed response: a content-length without content")
	default:
		x.declared = length
	}
	x.status, x.fields, x.responded = status, append(x.room[:0], b.fields...), true
	x.ended(b.end)
	return nil
}

// takeTrailers takes in the trailers. mu is held.
func (x *clientStream) takeTrailers() error {
	b := &x.c.block
	switch {
	case !b.end:
		return streamErrorf(x.id, codeProtocol, "a second header block that does not end the stream")
	case b.wrong != "" || b.seen != 0:
		return streamErrorf(x.id, codeProtocol, "malformed trailers: pseudo-header fields, or %s", b.wrong)
	case x.declared >= 0 && x.arrived != x.declared:
		return streamErrorf(x.id, codeProtocol, "a body of other length than its content-length of %d", x.declared)
	}
	x.trailers = append(x.more[:0], b.fields...)
	x.ended(true)
	return nil
}

// ended goes on after a header block has been taken in. mu is held.
func (x *clientStream) ended(end bool) {
	if end {
		x.recvEnd = true
		x.retireIfOver()
	}
	x.c.wakeReader(&x.stream, end)
}
