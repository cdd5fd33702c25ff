// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/policy"
)

// invocation is a call and its options in one allocation.
type invocation struct {
	call    curlew.Call
	options curlew.CallOptions
}

// recycler is a stream that can be used again, if its session keeps nothing of a
// call that has ended.
type recycler interface{ Recycle() }

// recycle lets the next call have the memory of inv, which has ended well. That
// is sound only if nobody outside this package has seen it.
func (c *Client) recycle(inv *invocation) {
	if a, ok := inv.call.Stream().(*attemptStream); ok {
		if s, ok := a.ClientStream.(recycler); ok {
			s.Recycle()
			*inv = invocation{}
			c.spare.Put(inv)
		}
	}
}

// Invoke calls a unary method and decodes its answer into reply.
func (c *Client) Invoke(ctx context.Context, m *curlew.Method, request, reply any, opts ...curlew.CallOption) error {
	// An option sees the options, an interceptor the call: either may keep them.
	private := len(opts) == 0 && len(c.settings.calls) == 0 && len(c.settings.attempts) == 0
	inv, ok := c.spare.Get().(*invocation)
	if !ok {
		inv = new(invocation)
	}
	inv.apply(opts)
	if err := c.check(ctx, m); err != nil {
		return err
	}
	if err := checkUnary(m, &inv.options, request, reply); err != nil {
		return err
	}
	ch := c.guards.chain(m)
	inv.limit(ch.policy)
	ctx, cancel := withTimeout(ctx, c.timeout(ch.policy))
	defer cancel()
	inv.call.BeginClient(ctx, m, &inv.options, request, reply)
	if err := ch.invoke(ctx, &inv.call); err != nil {
		return curlew.ErrorOf(err)
	}
	if private {
		c.recycle(inv)
	}
	return nil
}

// invoke runs a unary call that has begun, to its end.
func (ch *chain) invoke(ctx context.Context, call *curlew.Call) (err error) {
	defer func() {
		if s := call.Stream(); s != nil {
			s.Close()
		}
		capture(call)
		call.End(err)
	}()
	err = ch.run(ctx, call)
	if err == nil && !call.Options().OneWay {
		_, err = call.Reply()
	}
	return err
}

// Open begins a call of any kind. ctx bounds the whole call. The caller must
// receive until an error, or Close the stream, or end ctx.
func (c *Client) Open(ctx context.Context, m *curlew.Method, opts ...curlew.CallOption) (curlew.Stream, error) {
	inv := new(invocation)
	inv.apply(opts)
	if err := c.check(ctx, m); err != nil {
		return nil, err
	}
	ch := c.guards.chain(m)
	inv.limit(ch.policy)
	inv.call.BeginClient(ctx, m, &inv.options, nil, nil)
	if m.Kind() == curlew.KindUnary {
		return newUnaryStream(ctx, ch, &inv.call, c.timeout(ch.policy)), nil
	}
	if timeout := max(ch.policy.Timeout, 0); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = withTimeout(ctx, timeout)
		inv.call.OnEnd(func(error) { cancel() })
	}
	s, err := ch.open(ctx, &inv.call)
	if err != nil {
		return nil, failure(err)
	}
	return s, nil
}

func (inv *invocation) apply(opts []curlew.CallOption) {
	for _, opt := range opts {
		opt(&inv.options)
	}
}

// limit applies a policy's bounds for messages.
func (inv *invocation) limit(p *policy.Method) {
	if inv.options.MaxReceive == 0 {
		inv.options.MaxReceive = p.MaxReceive
	}
	if inv.options.MaxSend == 0 {
		inv.options.MaxSend = p.MaxSend
	}
}

// check refuses what cannot become a call.
func (c *Client) check(ctx context.Context, m *curlew.Method) error {
	switch {
	case m == nil:
		return invalid("the method is nil")
	case c.ctx.Err() != nil:
		return errClosed
	case ctx.Err() != nil:
		return contextError(ctx, m.FullName()+" was not sent")
	}
	return nil
}

func checkUnary(m *curlew.Method, o *curlew.CallOptions, request, reply any) error {
	switch {
	case m.Kind() != curlew.KindUnary:
		return invalid("%s is a %s method; use Open", m.FullName(), m.Kind())
	case isNil(request):
		return invalid("%s: the request is nil", m.FullName())
	case o.OneWay:
		return nil
	case isNil(reply):
		return invalid("%s: the reply is nil; pass a pointer to decode into", m.FullName())
	}
	return nil
}

func isNil(message any) bool {
	v := reflect.ValueOf(message)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

func invalid(format string, args ...any) error {
	return curlew.Errorf(curlew.InvalidArgument, format, args...).WithProgress(curlew.NotSent)
}

// timeout is the client's own bound for a unary call; 0 is none.
func (c *Client) timeout(p *policy.Method) time.Duration {
	if p.Timeout != 0 {
		return max(p.Timeout, 0) // Unlimited is negative
	}
	return c.settings.timeout
}

// withTimeout bounds ctx unless its own deadline is earlier or timeout is 0.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return ctx, func() {}
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= timeout {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, timeout, timedOut(timeout))
}

// timedOut is the cause of a deadline that the client has set.
type timedOut time.Duration

func (t timedOut) Error() string {
	return fmt.Sprintf("the client's timeout of %v has passed", time.Duration(t))
}

func (t timedOut) Is(target error) bool { return target == context.DeadlineExceeded }

// contextError is the error of something that ctx has ended before anything
// was sent.
func contextError(ctx context.Context, what string) *curlew.Error {
	code := curlew.Canceled
	if ctx.Err() == context.DeadlineExceeded {
		code = curlew.DeadlineExceeded
	}
	return curlew.Errorf(code, "%s: %w", what, context.Cause(ctx)).WithProgress(curlew.NotSent)
}

// failure makes every error an *Error, and none a nil interface.
func failure(err error) error {
	if err == nil {
		return nil
	}
	return curlew.ErrorOf(err)
}

// capture gives the caller what it asked for by options.
func capture(call *curlew.Call) {
	o := call.Options()
	if o.CaptureHeader != nil {
		*o.CaptureHeader = call.ReplyHeader().Clone()
	}
	if o.CaptureTrailer != nil {
		*o.CaptureTrailer = call.ReplyTrailer().Clone()
	}
	if o.CapturePeer != nil && call.Peer() != nil {
		*o.CapturePeer = *call.Peer()
	}
}
