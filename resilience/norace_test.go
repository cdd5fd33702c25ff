// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package resilience

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// stack is what a client may put around every call.
func stack(next curlew.Handler) curlew.Handler {
	return curlew.Chain(next,
		Rate{PerSecond: mostRate}.New().Interceptor(),
		Concurrency{Limit: 100}.New().Interceptor(),
		Breaker{Consecutive: 10}.New().Interceptor(),
		Retry{}.Interceptor(NewBudget(BudgetConfig{})),
	)
}

func TestStackDoesNotAllocate(t *testing.T) {
	read, _, _ := methods()
	handler := stack(func(context.Context, *curlew.Call) error { return nil })
	ctx := t.Context()
	call, _ := clientCall(ctx, read)
	assert.Equal(t, testing.AllocsPerRun(1000, func() {
		if err := handler(ctx, call); err != nil {
			t.Fatal(err)
		}
	}), 0)
	adaptive := Concurrency{}.New().Interceptor()(func(context.Context, *curlew.Call) error { return nil })
	assert.Equal(t, testing.AllocsPerRun(1000, func() { adaptive(ctx, call) }), 0)
	slow := Breaker{SlowAfter: 1e9}.New().Interceptor()(func(context.Context, *curlew.Call) error { return nil })
	assert.Equal(t, testing.AllocsPerRun(1000, func() { slow(ctx, call) }), 0)
	buckets := Rate{PerSecond: mostRate}.PerKey(0)
	keyed := Throttle(buckets, func(*curlew.Call) string { return "key" })(func(context.Context, *curlew.Call) error { return nil })
	assert.Equal(t, testing.AllocsPerRun(1000, func() { keyed(ctx, call) }), 0)
}
