// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// running is a call on its way from its handler to its end.
type running struct {
	d     *Dispatcher
	in    *wire.Incoming
	err   *curlew.Error // for the peer; the handler's own error is its cause
	ended chan struct{} // closed at the end, if not nil
	timed bool          // the handler's time is of interest
}

// Run runs the call. Its steps are deferred one by the other, so that neither a
// panic nor runtime.Goexit in code that is not ours (handlers, interceptors,
// the messages' own encoding) skips any.
func (r *running) Run() {
	defer r.end()
	defer r.finish()
	r.handle()
}

// handle runs the handler.
func (r *running) handle() {
	returned := false
	defer func() {
		if !returned {
			r.err = r.d.crashed(r.in, "handler", recover())
		}
	}()
	in := r.in
	if r.timed {
		begun := time.Now()
		defer func() { in.Target.Pace.Took(time.Since(begun)) }()
	}
	if timeout := in.Target.Timeout; timeout > 0 && in.Expires.IsZero() {
		in.Expires = time.Now().Add(timeout)
	}
	ctx := in.HandlerContext()
	in.Call.BeginServer(ctx, in.Target.Method, &in.Header, in.Peer, in.Stream)
	in.Call.SetDraining(in.Draining)
	r.err = r.d.outcome(ctx, &in.Call, in.Target.Handler(ctx, &in.Call))
	returned = true
}

// finish sends the outcome to the peer.
func (r *running) finish() {
	returned := false
	defer func() {
		if !returned {
			r.err = r.d.crashed(r.in, "encoding of a reply", recover())
			r.abandon()
		}
	}()
	var reply any
	if r.err == nil && !r.in.Target.Method.Kind().ManyReplies() {
		reply, r.err = soleReply(&r.in.Call)
	}
	r.err = r.in.Stream.Finish(reply, r.err)
	returned = true
}

// soleReply returns the one reply that a handler which succeeded must have given.
func soleReply(call *curlew.Call) (any, *curlew.Error) {
	reply, err := call.Reply()
	if err != nil {
		return nil, curlew.ErrorOf(err)
	}
	if reply == nil {
		return nil, curlew.Errorf(curlew.Internal, "%s: the reply is nil", call.Method().FullName())
	}
	return reply, nil
}

// abandon finishes a stream whose reply could not even be encoded.
func (r *running) abandon() {
	returned := false
	defer func() {
		if !returned {
			r.d.crashed(r.in, "end of the stream", recover())
		}
	}()
	r.err = r.in.Stream.Finish(nil, r.err)
	returned = true
}

// end tells observers and whoever still holds the handler's context.
func (r *running) end() {
	returned := false
	defer func() {
		if !returned {
			r.d.crashed(r.in, "observer of the call's end", recover())
		}
		r.in.Cancel(nil)
		if r.ended != nil {
			close(r.ended)
		}
	}()
	if r.err != nil {
		r.in.Call.End(r.err)
	} else {
		r.in.Call.End(nil)
	}
	returned = true
}

// crashed logs a panic, or if there is none a Goexit, and returns what the peer
// is told of it: nothing of this process's inside.
func (d *Dispatcher) crashed(in *wire.Incoming, where string, panicked any) *curlew.Error {
	stack := make([]byte, 64<<10)
	stack = stack[:runtime.Stack(stack, false)]
	name := in.Target.Method.FullName()
	what := "panic"
	if panicked == nil {
		what = "runtime.Goexit"
	}
	d.logger.Error(what+" in "+where, slog.String("method", name), slog.String("peer", in.Peer.String()),
		slog.Any("panic", panicked), slog.String("stack", string(stack)))
	return curlew.Errorf(curlew.Internal, "%s in %s", what, where)
}
