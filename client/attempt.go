// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// route sends a call to a server of the cluster: it is what all that protects
// the call is around. A call that no server has begun is tried again, at another
// server if there is one.
func (ch *chain) route(ctx context.Context, call *curlew.Call) error {
	c := ch.client
	var header curlew.Header
	if len(c.settings.attempts) > 0 {
		header = call.Header().Clone()
	}
	tried := c.cluster.tried(call)
	for picks := 1; ; picks++ {
		pick, p, begun, err := c.cluster.pick(ctx, call, tried)
		if err != nil {
			return err
		}
		call.SetPeer(p.peer)
		call.AddTried(p.peer)
		err = p.attempt(ctx, call, pick.Feedback, begun, ch.instance)
		if err == nil || picks == maxPicks || !ch.elsewhere(ctx, call, err) {
			return err
		}
		tried = append(tried, p)
		if len(c.settings.attempts) > 0 {
			*call.Header() = header.Clone() // without what the attempt's interceptors added
		}
	}
}

// elsewhere reports whether a call that has failed may be made again at once
// somewhere else: the connection or the server did not take it. A call that
// cannot be encoded was not sent either, but would fare no better. What was
// refused because there is too much to do takes from the budget; where the
// server says when to come back, or there is no other, that is for the retries.
func (ch *chain) elsewhere(ctx context.Context, call *curlew.Call, err error) bool {
	if call.Attempt() >= maxAttempts || ctx.Err() != nil || ch.client.ctx.Err() != nil {
		return false
	}
	e := curlew.ErrorOf(err)
	switch e.Code() {
	case curlew.Unavailable:
		return e.Retryable()
	case curlew.ResourceExhausted:
		if e.Progress() != curlew.Refused && !errors.Is(err, errExhausted) || !ch.client.cluster.several() {
			return false
		}
		_, told := call.ReplyTrailer().Lookup(resilience.PushbackKey)
		return !told && ch.budget.Withdraw(time.Now())
	}
	return false
}

// attempt makes one attempt of a call, which was picked at the time begun, and
// tells the picker how it went.
func (p *pool) attempt(ctx context.Context, call *curlew.Call, feedback balance.Feedback, begun time.Time, breaker *resilience.Breaker) error {
	handler := p.begin
	if breaker != nil {
		handler = p.instance(breaker).handler
	}
	if feedback == nil {
		return handler(ctx, call)
	}
	returned := false
	defer func() {
		if !returned { // but panicked: the picker counts the calls of a server
			feedback.Done(balance.Result{Err: errNoCall, Now: time.Now()})
		}
	}()
	err := handler(ctx, call)
	returned = true
	if err != nil || call.Method().Kind() == curlew.KindUnary {
		feedback.Done(result(begun, err, call.ReplyTrailer()))
		return err
	}
	opened := call.Stream() // the call may be a fork, which ends before the stream
	call.OnEnd(func(err error) { feedback.Done(result(begun, err, opened.Trailer())) })
	return nil
}

// begin counts an attempt and makes it. A breaker may keep one from it.
func (p *pool) begin(ctx context.Context, call *curlew.Call) error {
	call.NextAttempt(call.Attempt() + 1)
	return p.handler(ctx, call)
}

// instance is a breaker of one server, with the attempts that it guards.
type instance struct {
	config  resilience.Breaker
	circuit *resilience.Circuit
	handler curlew.Handler
}

// maxInstances bounds the breakers of one server that were configured one after
// the other; the oldest are forgotten.
const maxInstances = 8

// instance returns the server's breaker of a configuration, which methods share.
func (p *pool) instance(config *resilience.Breaker) *instance {
	for _, i := range p.breakers() {
		if i.config == *config {
			return i
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.breakers()
	for _, i := range known {
		if i.config == *config {
			return i
		}
	}
	i := &instance{config: *config, circuit: config.New()}
	i.handler = i.circuit.Interceptor()(p.begin)
	known = append(slices.Clone(known[max(0, len(known)+1-maxInstances):]), i)
	p.instances.Store(&known)
	return i
}

// breakers returns the server's breakers.
func (p *pool) breakers() []*instance {
	if known := p.instances.Load(); known != nil {
		return *known
	}
	return nil
}

// result is how an attempt went that ends now.
func result(begun time.Time, err error, trailer *curlew.Header) balance.Result {
	now := time.Now()
	r := balance.Result{Err: err, Duration: now.Sub(begun), Now: now}
	if trailer.Len() > 0 {
		r.Load = balance.ParseLoad(trailer)
	}
	return r
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
	if after := p.config().LeakAfter; after > 0 {
		a.leak = watchLeak(call, p, after)
	}
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
	leak   *time.Timer // nil if nobody watches for leaks
}

// Close releases the stream. Only the first Close counts.
func (a *attemptStream) Close() error {
	if a.closed.Swap(true) {
		return nil
	}
	if a.leak != nil {
		a.leak.Stop()
	}
	err := a.ClientStream.Close()
	a.conn.release()
	return err
}
