// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"io"
	"math"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// notYet is the start of a request that is not in the connection's stream.
const notYet = math.MaxInt64

// Request is a call on its way into the connection.
type Request struct {
	Method  *curlew.Method
	Message any
	Seq     uint64 // matches the answer to it
	Silent  bool   // no answer comes
	MaxSend int

	stream *stream
}

// Send sends the encoded request. It waits for room until ctx ends. After an
// error nothing was sent.
func (r *Request) Send(ctx context.Context, message []byte) error {
	c := r.stream
	w := c.session.writer
	if err := w.Lock(ctx); err != nil {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		return c.session.failure(err)
	}
	c.start.Store(w.Offset())
	c.endsAt = w.Offset() + int64(len(message))
	_, _ = w.Buffer().Write(message)
	w.Unlock(coalesce.Now)
	return nil
}

// ServiceMethod returns a method's name as net/rpc writes it.
func ServiceMethod(m *curlew.Method) string {
	if m.Service() == "" {
		return m.Name()
	}
	return m.Service() + "." + m.Name()
}

// stream is a unary call at the client.
type stream struct {
	session *Session
	method  *curlew.Method
	seq     uint64
	silent  bool
	start   atomic.Int64 // of the request in the connection's stream of bytes
	endsAt  int64
	done    chan struct{} // closed by end

	maxReceive int

	// Written by end.
	reply Reply
	err   *curlew.Error

	// For the one who receives.
	received bool
	header   curlew.Header
	trailer  curlew.Header
}

var _ wire.ClientStream = (*stream)(nil)

// end ends the call. Whoever took it out of the session's calls calls it, once.
func (c *stream) end(reply Reply, err *curlew.Error) {
	c.reply, c.err = reply, err
	<-c.session.slots
	close(c.done)
}

// progress is how far a call without an answer has got.
func (c *stream) progress() curlew.Progress {
	if c.session.writer.Flushed(c.start.Load()) {
		return curlew.MaybeSent
	}
	return curlew.NotSent
}

// abandon ends the call with err, unless it has ended.
func (c *stream) abandon(err *curlew.Error) {
	if c.session.remove(c.seq) != nil {
		c.end(nil, err)
	}
	<-c.done
}

// Wait implements [wire.ClientStream].
func (c *stream) Wait(ctx context.Context) error {
	if c.silent {
		return c.flush(ctx)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		// What was not written yet still will be.
		c.abandon(contextError(ctx).WithProgress(curlew.MaybeSent))
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// flush ends a call that gets no answer.
func (c *stream) flush(ctx context.Context) error {
	err := c.session.writer.WaitFlushed(ctx, c.endsAt)
	switch {
	case err == nil:
		c.abandon(nil)
	case ctx.Err() != nil:
		c.abandon(contextError(ctx).WithProgress(curlew.MaybeSent))
	default:
		c.abandon(c.session.failure(err).WithProgress(c.progress()))
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// Receive decodes the reply; see [curlew.Stream].
func (c *stream) Receive(ctx context.Context, m any) error {
	if err := c.Wait(ctx); err != nil {
		return err
	}
	if c.received || c.reply == nil {
		return io.EOF
	}
	c.received = true
	defer c.reply.Free()
	err := c.reply.Decode(ctx, m)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return contextError(ctx).WithProgress(curlew.Answered)
	}
	code := curlew.CodeOf(err)
	if code == curlew.Unknown {
		code = curlew.Internal
	}
	return curlew.Errorf(code, "%s: reply: %w", c.method.FullName(), err).WithProgress(curlew.Answered)
}

// Send fails: the one request has gone with the call.
func (c *stream) Send(context.Context, any) error {
	return curlew.Errorf(curlew.Internal, "%s: a unary call has one request, which is sent already", c.method.FullName())
}

// CloseSend does nothing: the one request was the last.
func (c *stream) CloseSend() error { return nil }

// Close releases the call; an answer that comes later is dropped.
func (c *stream) Close() error {
	c.abandon(curlew.NewError(curlew.Canceled, "the caller closed the stream").WithProgress(curlew.MaybeSent))
	if c.reply != nil {
		c.reply.Free()
	}
	return nil
}

// Header waits for the answer and returns an empty header.
func (c *stream) Header(ctx context.Context) (*curlew.Header, error) {
	if err := c.Wait(ctx); err != nil {
		return nil, err
	}
	return &c.header, nil
}

// Trailer returns an empty trailer.
func (c *stream) Trailer() *curlew.Header { return &c.trailer }

// Peer implements [wire.ClientStream].
func (c *stream) Peer() *curlew.Peer { return c.session.peer }
