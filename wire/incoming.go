// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/callkey"
)

// Incoming is a call on its way from a protocol to a handler. A protocol fills
// in the exported fields above Call and hands it to a [Dispatcher]; it may
// embed the Incoming in its own stream object, which saves an allocation. An
// Incoming is used for one call and never again: a handler may hold its
// context for ever.
type Incoming struct {
	// Context is the connection's (or exchange's) context, a real cancelable
	// one: when it ends, the call's does, with the same cause.
	Context context.Context
	Target  *Target
	Stream  ServerStream
	Header  curlew.Header
	Peer    *curlew.Peer
	Expires time.Time // the call's deadline; zero: none
	// Draining is closed when the connection is asked to come to an end.
	Draining <-chan struct{}

	// OnLoop tells that the call runs on the goroutine that reads from the
	// connection, so that its answer may wait for those of the calls after it.
	OnLoop bool

	ended bool // guarded by mu

	// Call is begun by the dispatcher.
	Call curlew.Call

	mu     sync.Mutex              // guards the rest; never held over anything that waits
	ctx    context.Context         // made at the first need
	cancel context.CancelCauseFunc // of ctx
	stop   context.CancelFunc      // of ctx's deadline
	cause  error
}

// HandlerContext returns the context for the call's handler. It costs nothing
// until somebody waits on it, derives from it or looks for a key that is not
// Curlew's; then one real context is made behind it.
func (in *Incoming) HandlerContext() context.Context { return (*handlerContext)(in) }

// Cancel ends the handler's context: Err is context.Canceled and context.Cause
// gives the cause. Only the first Cancel counts. It is safe for concurrent use.
func (in *Incoming) Cancel(cause error) {
	in.mu.Lock()
	if !in.ended {
		in.ended, in.cause = true, cause
	}
	cancel, stop := in.cancel, in.stop
	in.mu.Unlock()
	if cancel != nil {
		cancel(cause)
		stop()
	}
}

// handlerContext is an Incoming as a context.
type handlerContext Incoming

func (c *handlerContext) Deadline() (time.Time, bool) {
	if outer, ok := c.Context.Deadline(); ok && (c.Expires.IsZero() || outer.Before(c.Expires)) {
		return outer, true
	}
	return c.Expires, !c.Expires.IsZero()
}

func (c *handlerContext) Done() <-chan struct{} { return c.real().Done() }

func (c *handlerContext) Err() error {
	c.mu.Lock()
	ctx, ended := c.ctx, c.ended
	c.mu.Unlock()
	switch {
	case ctx != nil:
		return ctx.Err()
	case ended:
		return context.Canceled
	case c.Context.Err() != nil:
		return c.Context.Err()
	case !c.Expires.IsZero() && !time.Now().Before(c.Expires):
		return context.DeadlineExceeded
	}
	return nil
}

// Value answers Curlew's own key. Any other key may be the one by which
// package context looks for a cancelable parent, so it goes to the real
// context: then deriving costs no goroutine and context.Cause works.
func (c *handlerContext) Value(key any) any {
	if key == (callkey.Key{}) {
		return &c.Call
	}
	return c.real().Value(key)
}

func (c *handlerContext) String() string { return "curlew.handlerContext" }

// real returns the context behind c, made at the first call.
func (c *handlerContext) real() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx != nil {
		return c.ctx
	}
	ctx, cancel := context.WithCancelCause(c.Context)
	stop := context.CancelFunc(func() {})
	if !c.Expires.IsZero() && !c.ended {
		// A derived deadline rather than a shared timer: only so do contexts
		// derived from this one report DeadlineExceeded.
		ctx, stop = context.WithDeadline(ctx, c.Expires)
	}
	if c.ended {
		cancel(c.cause)
	}
	c.ctx, c.cancel, c.stop = ctx, cancel, stop
	return ctx
}
