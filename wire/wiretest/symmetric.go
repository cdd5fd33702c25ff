// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"strconv"

	"github.com/curlewrpc/curlew"
)

func symmetricCases() []testCase {
	return []testCase{
		{name: "symmetric/call back", needs: Symmetric, kinds: kinds(), scope: everyNetwork, run: callBack},
		{name: "symmetric/ping-pong", needs: Symmetric, scope: everyNetwork, run: pingPong},
		{name: "symmetric/after the call", needs: Symmetric, scope: everyNetwork, run: callBackLater},
		{name: "symmetric/nothing offered", needs: Symmetric, scope: everyNetwork, run: nothingOffered},
		{name: "symmetric/error", needs: Symmetric, kinds: kinds(), scope: everyNetwork, run: callBackError},
		{name: "symmetric/after the connection", needs: Symmetric, scope: bubble, run: callBackTooLate},
		{name: "symmetric/not carried", lacks: Symmetric, kinds: kinds(), scope: everyNetwork, run: callBackNotCarried},
	}
}

// back returns a caller of the services that the peer of the call with ctx
// offers.
func (r *rig) back(ctx context.Context) caller {
	return caller{curlew.CallFrom(ctx).Peer().Caller(), r.messages, r.codec}
}

// callBack: a handler calls a service of its caller, by any kind of call.
func callBack(r *rig) {
	r.offers = handlers{each: func(ctx context.Context, in string) (string, error) {
		return "client heard " + in + " on " + curlew.CallFrom(ctx).Peer().Protocol, nil
	}}
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		return r.back(ctx).exchange(ctx, r.kind, in)
	}})
	got, err := r.exchange(r.ctx, r.kind, "echo")
	r.must(err, "a call that calls back")
	equal(r, "the reply", got, "client heard echo on "+r.Name)
}

// pingPong: calls nest from side to side deeper than any number of workers.
func pingPong(r *rig) {
	bounce := func(back func(context.Context) caller) func(context.Context, string) (string, error) {
		return func(ctx context.Context, in string) (string, error) {
			n, err := strconv.Atoi(in)
			if err != nil || n == 0 {
				return "bottom", err
			}
			return back(ctx).call(ctx, strconv.Itoa(n-1))
		}
	}
	r.offers = handlers{unary: bounce(r.back)}
	r.serve(handlers{unary: bounce(r.back)})
	got, err := r.call(r.ctx, "300")
	r.must(err, "a game of 300 calls, one inside the other")
	equal(r, "the reply", got, "bottom")
}

// callBackLater: the caller of the peer outlives the call that it came with.
func callBackLater(r *rig) {
	callers := make(chan caller, 1)
	r.offers = handlers{unary: func(_ context.Context, in string) (string, error) { return "heard " + in, nil }}
	r.serve(handlers{unary: func(ctx context.Context, in string) (string, error) {
		callers <- r.back(ctx)
		return in, nil
	}})
	_, err := r.call(r.ctx, "subscribe")
	r.must(err, "a call")
	got, err := await(r, callers, "the handler").call(r.ctx, "news")
	r.must(err, "a call back after the end of the call")
	equal(r, "the reply", got, "heard news")
}

// nothingOffered: a client that offers nothing answers Unimplemented.
func nothingOffered(r *rig) {
	r.serve(handlers{unary: func(ctx context.Context, in string) (string, error) {
		_, err := r.back(ctx).call(ctx, in)
		return curlew.CodeOf(err).String(), nil
	}})
	got, err := r.call(r.ctx, "anyone?")
	r.must(err, "the call")
	equal(r, "the code of a call back", got, curlew.Unimplemented.String())
}

// callBackError: an error of the client's handler is an error of the server's call.
func callBackError(r *rig) {
	r.offers = handlers{each: func(context.Context, string) (string, error) {
		return "", curlew.NewError(curlew.NotFound, "not here")
	}}
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		_, err := r.back(ctx).exchange(ctx, r.kind, in)
		r.fails("the call back", err, answered(curlew.NotFound, "not here"))
		return in, nil
	}})
	_, err := r.exchange(r.ctx, r.kind, "")
	r.must(err, "the call")
}

// callBackTooLate: when the connection has ended, so have the calls back, the
// ones in flight too.
func callBackTooLate(r *rig) {
	callers, began := make(chan caller, 1), make(chan struct{}, 1)
	r.offers = handlers{unary: func(ctx context.Context, _ string) (string, error) {
		began <- struct{}{}
		<-ctx.Done()
		return "", context.Cause(ctx)
	}}
	r.serve(handlers{unary: func(ctx context.Context, in string) (string, error) {
		callers <- r.back(ctx)
		return in, nil
	}})
	_, err := r.call(r.ctx, "subscribe")
	r.must(err, "a call")
	back := await(r, callers, "the handler")
	inFlight := r.later(func() (string, error) { return back.call(r.ctx, "news") })
	await(r, began, "the client's handler")
	r.client.close(r)
	out := await(r, inFlight, "the call back in flight")
	r.check(out.err != nil, "a call back outlived its connection: %q", out.text)
	r.settle()
	_, err = back.call(r.ctx, "news")
	r.fails("a call back on a connection that is gone", err,
		failure{curlew.Unavailable, anyOrigin, curlew.NotSent, nil})
}

// callBackNotCarried: calls back over a protocol that has none fail, and name
// the protocol.
func callBackNotCarried(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		_, err := r.back(ctx).call(ctx, in)
		return fmt.Sprint(err), nil
	}})
	got, err := r.exchange(r.ctx, r.kind, "")
	r.must(err, "the call")
	want := fmt.Sprint((&curlew.Peer{Protocol: r.Name}).Caller().Invoke(r.ctx, r.messages.method(curlew.KindUnary), nil, nil))
	equal(r, "the error of a call back", got, want)
}
