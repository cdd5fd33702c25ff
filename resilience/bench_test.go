// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
)

func BenchmarkStack(b *testing.B) {
	read, _, _ := methods()
	bare := func(context.Context, *curlew.Call) error { return nil }
	for _, bench := range []struct {
		name string
		with curlew.Interceptor
	}{
		{"rate", Rate{PerSecond: mostRate}.New().Interceptor()},
		{"concurrency", Concurrency{Limit: 100}.New().Interceptor()},
		{"breaker", Breaker{Consecutive: 10}.New().Interceptor()},
		{"retry", Retry{}.Interceptor(nil)},
		{"all", func(next curlew.Handler) curlew.Handler {
			return curlew.Chain(next,
				Rate{PerSecond: mostRate}.New().Interceptor(),
				Concurrency{Limit: 100}.New().Interceptor(),
				Breaker{Consecutive: 10}.New().Interceptor(),
				Retry{}.Interceptor(nil))
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			handler := bench.with(bare)
			ctx := context.Background()
			call, _ := clientCall(ctx, read)
			b.ReportAllocs()
			for b.Loop() {
				if err := handler(ctx, call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
