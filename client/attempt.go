// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/wire"
)

// route sends a call to a server of the cluster: it is what the call
// interceptors are around. A call that no server has begun is tried again.
func (c *Client) route(ctx context.Context, call *curlew.Call) error {
	var header curlew.Header
	if len(c.settings.attempts) > 0 {
		header = call.Header().Clone()
	}
	var tried []balance.Node
	for {
		pick, p, err := c.cluster.pick(ctx, call, tried)
		if err != nil {
			return err
		}
		call.SetPeer(p.peer)
		call.NextAttempt(call.Attempt() + 1)
		err = p.attempt(ctx, call, pick.Feedback)
		if err == nil || len(tried)+1 == maxAttempts || !unbegun(err) || ctx.Err() != nil || c.ctx.Err() != nil {
			return err
		}
		tried = append(tried, p)
		if len(c.settings.attempts) > 0 {
			*call.Header() = header.Clone() // without what the attempt's interceptors added
		}
	}
}

// unbegun reports whether a failed attempt may be made again somewhere else:
// the connection or the server did not take it. A call that cannot be encoded
// was not sent either, but would fare no better.
func unbegun(err error) bool {
	e := curlew.ErrorOf(err)
	return e.Retryable() && e.Code() == curlew.Unavailable
}

// attempt makes one attempt of a call and tells the picker how it went.
func (p *pool) attempt(ctx context.Context, call *curlew.Call, feedback balance.Feedback) error {
	if feedback == nil {
		return p.handler(ctx, call)
	}
	begun := time.Now()
	err := p.handler(ctx, call)
	if err != nil || call.Method().Kind() == curlew.KindUnary {
		feedback.Done(result(begun, err))
		return err
	}
	call.OnEnd(func(err error) { feedback.Done(result(begun, err)) })
	return nil
}

// result is how an attempt went that ends now.
func result(begun time.Time, err error) balance.Result {
	now := time.Now()
	return balance.Result{Err: err, Duration: now.Sub(begun), Now: now}
}

// open opens a call on a connection, and if it is unary waits for its outcome:
// it is what the attempt interceptors are around.
func (p *pool) open(ctx context.Context, call *curlew.Call) error {
	if err := p.checkHeader(call); err != nil {
		return err
	}
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	s, err := c.session.Open(ctx, call)
	c.opened()
	if err != nil {
		c.release()
		return err
	}
	a := &attemptStream{ClientStream: s, conn: c}
	if peer := s.Peer(); peer != nil {
		call.SetPeer(peer)
	}
	if call.Method().Kind() != curlew.KindUnary {
		call.SetStream(a)
		return nil
	}
	err = s.Wait(ctx)
	if err == nil || curlew.ErrorOf(err).Progress() == curlew.Answered {
		c.prove()
	}
	if !call.Options().OneWay {
		takeMetadata(ctx, call, s)
	}
	if err != nil || call.Options().OneWay {
		a.Close()
		return err
	}
	call.SetStream(a)
	return nil
}

func (p *pool) checkHeader(call *curlew.Call) error {
	h := call.Header()
	if h.Len() == 0 {
		return nil
	}
	if err := h.Validate(); err != nil {
		return curlew.ErrorOf(err).WithProgress(curlew.NotSent)
	}
	if size, limit := h.Size(), p.remote.Limits.MaxHeader; size > limit {
		return curlew.Errorf(curlew.ResourceExhausted,
			"%s: the header is %d bytes, more than the %d of WithLimits(wire.Limits{MaxHeader: …})", call.Method().FullName(), size, limit).
			WithProgress(curlew.NotSent)
	}
	return nil
}

// takeMetadata keeps a stream's header and trailer, as far as they have
// arrived, with the call.
func takeMetadata(ctx context.Context, call *curlew.Call, s curlew.Stream) {
	if h, err := s.Header(ctx); err == nil {
		*call.ReplyHeader() = *h
	}
	*call.ReplyTrailer() = *s.Trailer()
}

// attemptStream is a session's stream that gives its place on the connection
// back when it is closed.
type attemptStream struct {
	wire.ClientStream
	conn   *conn
	closed atomic.Bool
}

// Close releases the stream. Only the first Close counts.
func (a *attemptStream) Close() error {
	if a.closed.Swap(true) {
		return nil
	}
	err := a.ClientStream.Close()
	a.conn.release()
	return err
}
