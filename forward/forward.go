// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"io"

	"github.com/curlewrpc/curlew"
)

// To returns a handler that passes calls on to the servers that c reaches, and
// what they answer back. It is for methods that pass messages undecoded.
func To(c curlew.Caller) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		as, ok := call.Stream().(interface{ Codec() curlew.Codec })
		if !ok {
			return curlew.Errorf(curlew.Internal, "%s: cannot be forwarded: nothing tells the codec of its messages; an interceptor that wraps the stream must pass on its Codec method",
				call.Method().FullName())
		}
		with := func(o *curlew.CallOptions) { o.Codec, o.Header = as.Codec(), call.Header().Clone() }
		if call.Method().Kind() == curlew.KindUnary {
			return answer(invoke(ctx, c, call, with))
		}
		return answer(converse(ctx, c, call, with))
	}
}

// invoke forwards a unary call.
func invoke(ctx context.Context, c curlew.Caller, call *curlew.Call, with curlew.CallOption) error {
	var request, reply []byte
	if err := call.RequestInto(&request); err != nil {
		return err
	}
	err := c.Invoke(ctx, call.Method(), &request, &reply, with,
		curlew.CaptureHeader(call.ReplyHeader()), curlew.CaptureTrailer(call.ReplyTrailer()))
	if err != nil {
		return err
	}
	return call.SetReply(&reply)
}

// converse forwards a call of any other kind: the requests in a goroutine of
// its own, and the replies here.
func converse(ctx context.Context, c curlew.Caller, call *curlew.Call, with curlew.CallOption) error {
	next, err := c.Open(ctx, call.Method(), with)
	if err != nil {
		return err
	}
	receiving, stop := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := requests(receiving, call.Stream(), next); err != nil {
			stop(err)
			next.Close()
		}
	}()
	err = replies(ctx, call, next)
	if err != nil && ctx.Err() == nil && receiving.Err() != nil {
		err = context.Cause(receiving) // the requests failed, the rest is the consequence
	}
	// What the client has still to say does not matter any more.
	stop(nil)
	next.Close()
	<-ended
	return err
}

// requests passes messages on until there are no more, or nobody wants any. Its
// error is that of the client's side.
func requests(ctx context.Context, from, to curlew.Stream) error {
	for {
		var message []byte
		switch err := from.Receive(ctx, &message); {
		case err == io.EOF:
			_ = to.CloseSend() // who receives gets to know
			return nil
		case err != nil:
			return err
		}
		if to.Send(ctx, &message) != nil {
			return nil // who receives gets to know
		}
	}
}

// replies passes header, messages and trailer back.
func replies(ctx context.Context, call *curlew.Call, from curlew.Stream) error {
	header, err := from.Header(ctx)
	if err != nil {
		copyHeader(call.ReplyTrailer(), from.Trailer())
		return err
	}
	copyHeader(call.ReplyHeader(), header)
	many := call.Method().Kind().ManyReplies()
	if many { // it may be long before the first reply
		if err := call.SendHeader(ctx); err != nil {
			return err
		}
	}
	for {
		var message []byte
		err := from.Receive(ctx, &message)
		if err != nil || !many {
			copyHeader(call.ReplyTrailer(), from.Trailer())
		}
		switch {
		case err == io.EOF && many:
			return nil
		case err != nil:
			return err
		case !many:
			return call.SetReply(&message)
		}
		if err := call.Stream().Send(ctx, &message); err != nil {
			return err
		}
	}
}

func copyHeader(to, from *curlew.Header) {
	for key, value := range from.All() {
		to.Add(key, value)
	}
}

// answer returns err as this server's own, if it is the next one's: so it keeps
// its details on the way to the client.
func answer(err error) error {
	e := curlew.ErrorOf(err)
	if e == nil {
		return nil
	}
	if e.Origin() != curlew.OriginServer {
		return e
	}
	return curlew.NewError(e.Code(), e.Message()).WithDetails(e.Details()...)
}
