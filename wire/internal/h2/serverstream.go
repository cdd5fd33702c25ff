// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// serverStream is a request and its response, as a [wire.Exchange].
type serverStream struct {
	stream
	request wire.HTTPRequest
	room    [5]wire.Field // of request.Fields
	whole   bool          // all of the request is there; of the read loop

	// Of the goroutine that writes; after End, of whoever sends what is left.
	status   int
	head     wire.Fields
	headSent bool
	lastSend time.Duration // since the connection began

	// Guarded by c.mu.
	over     bool           // the one who answers is done
	answered time.Time      // when the response was complete and the request was not
	tail     *tail          // what is left after End; nil: nothing
	in       *wire.Incoming // of a call
	cancel   context.CancelCauseFunc
}

var _ wire.Exchange = (*serverStream)(nil)

// Request implements [wire.Exchange].
func (x *serverStream) Request() *wire.HTTPRequest { return &x.request }

// Read implements [wire.Exchange]. One may read on after ctx has ended.
func (x *serverStream) Read(ctx context.Context, p []byte) (int, error) { return x.read(ctx, p) }

// Complete reports whether all of the body has come.
func (x *serverStream) Complete() bool {
	x.c.mu.Lock()
	defer x.c.mu.Unlock()
	return x.recvEnd
}

// TakeChunk hands over the next piece of the body rather than copy it.
func (x *serverStream) TakeChunk(ctx context.Context) (*bufpool.Buf, error) { return x.takeChunk(ctx) }

// Gather fills buf up to the given size; see [httpwire.Gatherer].
func (x *serverStream) Gather(ctx context.Context, buf *bufpool.Buf, size int) (*bufpool.Buf, error) {
	return x.gather(ctx, buf, size)
}

// Attach implements [wire.Exchange].
func (x *serverStream) Attach(in *wire.Incoming) {
	x.c.mu.Lock()
	x.in = in
	err := x.err
	x.c.mu.Unlock()
	if err != nil {
		in.Cancel(err)
	}
}

// deadlineSlack is how long before its deadline a call is left to that, if the
// client cancels it: it does so because of the deadline.
const deadlineSlack = 20 * time.Millisecond

// gone tells those who answer that the exchange is over.
func (x *serverStream) gone(err *curlew.Error) {
	x.c.mu.Lock()
	in, cancel := x.in, x.cancel
	x.c.mu.Unlock()
	if in != nil && (in.Expires.IsZero() || err.Code() != curlew.Canceled || time.Until(in.Expires) > deadlineSlack) {
		in.Cancel(err)
	}
	if cancel != nil {
		cancel(err)
	}
}

// Respond implements [wire.Exchange]. It keeps the fields until the head is
// sent.
func (x *serverStream) Respond(status int, fields wire.Fields) error {
	if x.status != 0 {
		return curlew.NewError(curlew.Internal, "the response's head has been given already")
	}
	x.status, x.head = status, fields
	return nil
}

// Write implements [wire.Exchange].
func (x *serverStream) Write(ctx context.Context, p []byte) (int, error) {
	return x.write(ctx, content{p: p})
}

// WriteBuffer is Write with a buffer that it takes over.
func (x *serverStream) WriteBuffer(ctx context.Context, b *bufpool.Buf) error {
	if len(b.B) <= shareAbove {
		defer b.Free()
		_, err := x.Write(ctx, b.B)
		return err
	}
	d := share(b)
	defer d.release()
	_, err := x.write(ctx, d)
	return err
}

func (x *serverStream) write(ctx context.Context, d content) (int, error) {
	c := x.c
	for off, size := 0, len(d.p); ; {
		if err := c.writer.Lock(ctx); err != nil {
			return off, x.gaveUp(ctx, err)
		}
		c.mu.Lock()
		if x.err != nil || x.sendEnd || x.tail != nil {
			err := x.whyEnded()
			c.mu.Unlock()
			c.writer.Unlock(coalesce.Now)
			return off, err
		}
		n := x.takeCredit(size - off)
		var woken <-chan struct{}
		if off+n < size && n == 0 {
			woken = x.starve()
		}
		c.guard.sent()
		c.mu.Unlock()
		x.appendHeadOnce(0)
		c.appendData(x.id, d.slice(off, off+n), 0)
		c.unlock(&x.lastSend)
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

// gaveUp ends the exchange because something could not be sent.
func (x *serverStream) gaveUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		x.Reset(curlew.Errorf(curlew.Canceled, "a response was given up half-way: %w", err))
		return context.Cause(ctx)
	}
	return x.c.transportError("write", err)
}

// whyEnded is the error of a use after the end. mu is held.
func (x *serverStream) whyEnded() error {
	if x.err != nil {
		return x.err
	}
	return curlew.NewError(curlew.Internal, "the response has been ended already")
}

// Flush implements [wire.Exchange].
func (x *serverStream) Flush() error {
	c := x.c
	if x.headSent {
		return nil // what was written is on its way
	}
	if err := c.writer.LockControl(); err != nil {
		return c.transportError("write", err)
	}
	c.mu.Lock()
	if x.err != nil || x.sendEnd || x.tail != nil {
		defer c.writer.Unlock(coalesce.Now)
		defer c.mu.Unlock()
		return x.whyEnded()
	}
	c.guard.sent()
	c.mu.Unlock()
	x.appendHeadOnce(0)
	c.writer.Unlock(coalesce.Now)
	return nil
}

// appendHeadOnce appends the response's head if that has not been done. The
// writer's lock is held.
func (x *serverStream) appendHeadOnce(fl flags) {
	if x.headSent {
		return
	}
	x.headSent = true
	c := x.c
	b := c.writer.Buffer()
	b.Grow(blockRoom(x.head))
	at := c.beginBlock(b)
	b.B = c.encoder.status(b.B, x.status)
	b.B = c.encoder.list(b.B, x.head)
	c.endBlock(b, at, x.id, fl)
	x.head = nil
}

// maxDirect is the largest rest of a response that goes out at once: larger ones
// take turns.
const maxDirect = 128 << 10

// End implements [wire.Exchange]. It keeps the trailers until they are sent.
func (x *serverStream) End(last []byte, trailers wire.Fields) error {
	return x.end(content{p: last}, trailers)
}

// EndBuffer is End with a buffer that it takes over.
func (x *serverStream) EndBuffer(b *bufpool.Buf, trailers wire.Fields) error {
	if len(b.B) <= shareAbove {
		defer b.Free()
		return x.End(b.B, trailers)
	}
	last := share(b)
	defer last.release()
	return x.end(last, trailers)
}

func (x *serverStream) end(last content, trailers wire.Fields) error {
	if x.status == 0 {
		return curlew.NewError(curlew.Internal, "the end of a response without a head")
	}
	c := x.c
	size := len(last.p)
	if size > maxDirect {
		return x.endLater(last, trailers)
	}
	ok, err := c.writer.TryLock()
	if err != nil {
		c.mu.Lock()
		x.finished()
		c.mu.Unlock()
		return c.transportError("write", err)
	}
	if !ok {
		return x.endLater(last, trailers)
	}
	c.mu.Lock()
	if x.err != nil || x.sendEnd || x.tail != nil {
		defer c.writer.Unlock(coalesce.Now)
		defer c.mu.Unlock()
		x.finished()
		return x.whyEnded()
	}
	if n := int64(size); n > 0 && (x.send < n || c.send < n || !c.mayTake(&x.stream)) {
		c.mu.Unlock()
		c.writer.Unlock(coalesce.Now)
		return x.endLater(last, trailers)
	}
	x.takeCredit(size)
	x.endSending()
	x.finished()
	when := coalesce.Now
	switch {
	case x.in != nil && x.in.OnLoop:
		when = coalesce.Held
	case c.open > 0:
		when = coalesce.Gather
	}
	c.mu.Unlock()
	x.appendEnd(last, trailers)
	c.writer.Unlock(when)
	return nil
}

// appendEnd appends what ends a response. The writer's lock is held.
func (x *serverStream) appendEnd(last content, trailers wire.Fields) {
	c := x.c
	if last.shared == nil {
		c.writer.Buffer().Grow(len(last.p) + 64)
	}
	if len(last.p) == 0 && len(trailers) == 0 {
		if x.headSent {
			c.appendData(x.id, content{}, flagEndStream)
		} else {
			x.appendHeadOnce(flagEndStream)
		}
		return
	}
	x.appendHeadOnce(0)
	if len(trailers) == 0 {
		c.appendData(x.id, last, flagEndStream)
		return
	}
	c.appendData(x.id, last, 0)
	x.appendTrailers(trailers)
}

// appendTrailers appends trailers. The writer's lock is held.
func (x *serverStream) appendTrailers(trailers wire.Fields) {
	c := x.c
	b := c.writer.Buffer()
	b.Grow(blockRoom(trailers))
	at := c.beginBlock(b)
	b.B = c.encoder.list(b.B, trailers)
	c.endBlock(b, at, x.id, flagEndStream)
}

// endSending counts the response as sent. mu is held.
func (x *serverStream) endSending() {
	c := x.c
	x.sendEnd, x.tail = true, nil
	c.guard.sent()
	c.guard.done()
	if x.retireIfOver(); !x.retired {
		x.answered = time.Now()
		c.unwanted = append(c.unwanted, x)
	}
}

// stopTime is how long a client may be silent on a stream, whose response is
// complete, before it is told that nobody wants the rest of the request.
const stopTime = time.Second

// stop ends a stream whose response is complete, because nobody wants the rest
// of the request (RFC 9113, section 8.1). mu is held.
func (x *serverStream) stop() {
	x.c.ours.add(x.id)
	x.recvEnd = true
	x.retire()
}

// stopUnwanted ends the streams on which the client has been silent for too
// long. mu is held.
func (c *conn) stopUnwanted(now time.Time) (stopped []uint32) {
	for len(c.unwanted) > 0 && now.Sub(c.unwanted[0].answered) >= stopTime { // the oldest are the first
		stopped = append(stopped, c.unwanted[0].id)
		c.unwanted[0].stop()
	}
	return stopped
}

// finished notes that the one who answers is done. mu is held.
func (x *serverStream) finished() {
	x.over = true
	x.dropQueue()
	if x.retired {
		x.leave()
	}
}

// Reset implements [wire.Exchange].
func (x *serverStream) Reset(cause error) {
	c := x.c
	err := curlew.NewError(curlew.Canceled, "the exchange was reset")
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	c.mu.Lock()
	live := x.err == nil && !x.sendEnd
	if live {
		c.ours.add(x.id)
		x.fail(err)
	}
	x.finished()
	c.mu.Unlock()
	if live {
		c.control(coalesce.Now, func(b []byte) []byte { return appendReset(b, x.id, resetCode(err)) })
		x.gone(err)
	}
}

// giveUp resets an exchange that its protocol has left without an end.
func (x *serverStream) giveUp() {
	x.c.mu.Lock()
	ended := x.sendEnd || x.tail != nil
	x.finished()
	x.c.mu.Unlock()
	if !ended {
		x.Reset(curlew.NewError(curlew.Internal, "the request was not answered"))
	}
}

// resetCode is the code that tells of an error.
func resetCode(err *curlew.Error) errCode {
	switch {
	case err.Progress() == curlew.Refused:
		return codeRefused
	case err.Code() == curlew.Canceled, err.Code() == curlew.DeadlineExceeded:
		return codeCancel
	case err.Code() == curlew.ResourceExhausted:
		return codeCalm
	}
	return codeInternal
}
