// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
)

func onewayCases() []testCase {
	return []testCase{
		{name: "one-way/does not wait", needs: OneWay, scope: everyNetwork, run: oneWay},
		{name: "one-way/error of the handler", scope: everyNetwork, run: oneWayError},
		{name: "one-way/many", scope: everyNetwork, run: oneWayMany},
		{name: "one-way/not carried", lacks: OneWay, scope: everyNetwork, run: oneWayNotCarried},
	}
}

// notify makes a one-way call.
func (r *rig) notify(ctx context.Context, in string) error {
	m := r.messages.method(curlew.KindUnary)
	return r.Invoke(ctx, m, r.messages.write(in), nil, append(r.options(nil), curlew.OneWay())...)
}

// oneWay: a one-way call returns before its handler has, and arrives.
func oneWay(r *rig) {
	began, release, got := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) {
		close(began)
		<-release
		got <- in
		return "nobody reads this", nil
	}})
	ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
	err := r.notify(ctx, "news")
	cancel() // the call is over; its handler is not
	r.must(err, "a one-way call")
	await(r, began, "the handler")
	close(release)
	equal(r, "what arrived", await(r, got, "the message"), "news")
}

// oneWayError: what becomes of a one-way call on the server is no matter of the
// next calls.
func oneWayError(r *rig) {
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) {
		switch in {
		case "error":
			return "", curlew.NewError(curlew.Aborted, "no")
		case "panic":
			panic("no")
		}
		return in, nil
	}})
	for _, in := range []string{"error", "panic", "error"} {
		err := r.notify(r.ctx, in)
		r.check(err == nil || !r.has(OneWay), "a one-way call returned its handler's error: %v", err)
		got, err := r.call(r.ctx, "next")
		r.must(err, "the call after a one-way "+in)
		equal(r, "its reply", got, "next")
	}
}

// oneWayMany: a thousand one-way calls all arrive.
func oneWayMany(r *rig) {
	const n = 1000
	got := make(chan string, n)
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) {
		got <- in
		return in, nil
	}})
	for i := range n {
		r.must(r.notify(r.ctx, fmt.Sprint(i)), "a one-way call")
	}
	seen := make(map[string]bool)
	for range n {
		seen[await(r, got, "a one-way call's message")] = true
	}
	equal(r, "the number of different messages", len(seen), n)
}

// oneWayNotCarried: where there are no one-way calls, the answer is awaited and
// dropped.
func oneWayNotCarried(r *rig) {
	done := make(chan struct{})
	r.serve(handlers{unary: func(_ context.Context, in string) (string, error) {
		close(done)
		return in, nil
	}})
	r.must(r.notify(r.ctx, "news"), "a one-way call")
	select {
	case <-done:
	default:
		r.Errorf("the call returned before its handler")
	}
}
