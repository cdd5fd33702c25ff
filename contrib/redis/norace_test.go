// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package redis

import (
	"log/slog"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// stocked returns buckets that have many tokens of the key "ada".
func stocked(t testing.TB) *Buckets {
	client := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	b, err := New(client, Limit{Name: "x", PerSecond: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	a := b.accounts.of("ada")
	a.tokens, a.lapse = 1<<40, time.Now().Add(time.Hour)
	return b
}

func TestTokensAtHandAllocateNothing(t *testing.T) {
	b := stocked(t)
	if n := testing.AllocsPerRun(100, func() {
		if wait, err := b.Take(t.Context(), "ada"); wait != 0 || err != nil {
			t.Error(wait, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkTokenAtHand(b *testing.B) {
	buckets := stocked(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = buckets.Take(ctx, "ada")
	}
}
