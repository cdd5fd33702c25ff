// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/curlewrpc/curlew/wire"
)

func scaleCases() []testCase {
	return []testCase{
		{name: "scale/ten thousand calls at once", scope: bubble, run: tenThousand},
		{name: "scale/nested calls", kinds: kinds(), scope: bubble, run: nested},
		{name: "scale/memory of calls", scope: alone, run: callMemory},
		{name: "scale/memory of connections", scope: alone, run: connectionMemory},
	}
}

// tenThousand: ten thousand calls run at the same time, where the protocol lets
// a connection have them.
func tenThousand(r *rig) {
	const n = 10_000
	for _, l := range []*wire.Limits{&r.limits.server, &r.limits.client} {
		l.MaxStreams, l.MaxBuffered = n, 1<<30
	}
	var running atomic.Int64
	all := make(chan struct{})
	r.serve(handlers{unary: func(ctx context.Context, in string) (string, error) {
		if running.Add(1) == n {
			close(all)
		}
		if !r.has(Multiplexed) {
			return in, nil
		}
		select {
		case <-all:
			return in, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}})
	calls := make([]<-chan outcome, n)
	for i := range n {
		calls[i] = r.later(func() (string, error) { return r.call(r.ctx, strconv.Itoa(i)) })
	}
	for i, call := range calls {
		out := await(r, call, "one of ten thousand calls")
		r.must(out.err, fmt.Sprint("call ", i))
		equal(r, "the reply", out.text, strconv.Itoa(i))
	}
}

// nested: calls nest deeper than any number of workers.
func nested(r *rig) {
	depth := 500
	if !r.has(Multiplexed) {
		depth = maxConnections - 1 // each call holds a connection
	}
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		n, err := strconv.Atoi(in)
		if err != nil || n == 0 {
			return "bottom", err
		}
		return r.exchange(ctx, r.kind, strconv.Itoa(n-1))
	}})
	got, err := r.exchange(r.ctx, r.kind, strconv.Itoa(depth))
	r.must(err, fmt.Sprintf("%d calls, one inside the other", depth))
	equal(r, "the reply", got, "bottom")
}

// callMemory: calls that are over leave nothing behind.
func callMemory(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	round := func(n int) {
		for i := range n {
			_, err := r.exchange(r.ctx, kinds()[i%r.carriedKinds()], numbered(i, 500))
			r.must(err, "a call")
		}
	}
	const n = 4000
	round(n / 4)
	grown := r.heapGrowth(func() { round(n) })
	r.check(grown < 1<<20, "%d calls left %d KiB behind", n, grown>>10)
}

// connectionMemory: connections that are over leave nothing behind.
func connectionMemory(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	round := func(n int) {
		for range n {
			c := r.newClient()
			_, err := c.call(r.ctx, "hello")
			r.must(err, "a call of a new client")
			c.close(r)
		}
		r.settle()
	}
	const n = 500
	round(n / 4)
	grown := r.heapGrowth(func() { round(n) })
	r.check(grown < 1<<20, "%d connections left %d KiB behind", n, grown>>10)
}
