// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/contrib/redis"
	"github.com/curlewrpc/curlew/internal/realservers"
)

func TestScriptFlush(t *testing.T) {
	server := realservers.Redis(t)
	client, log := newClient(t, server.Addr()), new(logged)
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 0.01, Burst: 20, Batch: 1, Logger: log.logger()})
	n := takesOf(t, b, "", 10)
	if err := client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if n += takesOf(t, b, "", 20); n != 20 {
		t.Errorf("%d tokens of 20", n)
	}
	log.mustHave(t, 0, "redis")
}

// TestRestart ends Redis and starts it again, empty.
func TestRestart(t *testing.T) {
	server := realservers.Redis(t)
	log := new(logged)
	b := newBuckets(t, newClient(t, server.Addr()), redis.Limit{Name: "x", PerSecond: 0.01, Burst: 100, Share: 0.25, Logger: log.logger()})
	if n := takesOf(t, b, "", 200); n != 100 {
		t.Errorf("%d tokens of 100", n)
	}
	server.Kill(t)
	begin := time.Now()
	if n := takesOf(t, b, "other", 10_000); n != 25 {
		t.Errorf("%d tokens of a share of 25", n)
	}
	t.Logf("10,000 calls without Redis took %v", time.Since(begin).Round(time.Millisecond))
	log.mustHave(t, 1, "by this process alone")
	log.mustHave(t, 0, "shared again")

	server.Start(t)
	eventually(t, func() error {
		takes(t, b, "third")
		return log.expect(1, "shared again")
	})
	if n := takesOf(t, b, "fourth", 200); n != 100 {
		t.Errorf("%d tokens of 100 after the restart", n)
	}
	log.mustHave(t, 1, "by this process alone")
}

// TestFrozen has Redis hang: nobody waits for longer than the timeout, few do at
// all, and it is asked again once it answers.
func TestFrozen(t *testing.T) {
	server := realservers.Redis(t)
	log := new(logged)
	b := newBuckets(t, newClient(t, server.Addr()), redis.Limit{Name: "x", PerSecond: 0.01, Burst: 10, Timeout: 200 * time.Millisecond, Logger: log.logger()})
	takes(t, b, "")
	server.Freeze(t)

	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if wait, err := b.Take(ctx, "hurried"); wait != 0 || err != nil {
		t.Errorf("a call with 400 ms left: wait %v, %v after %v, want a token of this process's after 100 ms", wait, err, time.Since(begin))
	}
	log.mustHave(t, 0, "by this process alone")
	begin = time.Now()
	if n := takesOf(t, b, "patient", 1000); n != 10 {
		t.Errorf("%d tokens of 10", n)
	}
	if spent := time.Since(begin); spent > 3*time.Second {
		t.Errorf("1000 calls took %v", spent)
	}
	log.mustHave(t, 1, "by this process alone")
	done, cancelDone := context.WithCancel(t.Context())
	cancelDone()
	if _, err := b.Take(done, "canceled"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}

	server.Thaw(t)
	eventually(t, func() error {
		takes(t, b, "thawed")
		return log.expect(1, "shared again")
	})
}

func TestForeignValue(t *testing.T) {
	server := realservers.Redis(t)
	client, log := newClient(t, server.Addr()), new(logged)
	if err := client.LPush(t.Context(), "curlew:limit:x:list", "a").Err(); err != nil {
		t.Fatal(err)
	}
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 0.01, Burst: 10, Share: 0.1, Logger: log.logger()})
	if n := takesOf(t, b, "list", 10); n != 1 {
		t.Errorf("%d tokens, want 1 of this process's own", n)
	}
	log.mustHave(t, 1, "WRONGTYPE")
}

// TestClockGoesBack finds a bucket that is full in the far future, as after a
// failover to a server whose clock is behind, or when the limit was raised.
func TestClockGoesBack(t *testing.T) {
	server := realservers.Redis(t)
	client := newClient(t, server.Addr())
	if err := client.Set(t.Context(), "curlew:limit:x:", "99999999999999999", 0).Err(); err != nil {
		t.Fatal(err)
	}
	b := newBuckets(t, client, redis.Limit{Name: "x", PerSecond: 0.1, Burst: 10})
	if wait, err := b.Take(t.Context(), ""); err != nil || wait < 8*time.Second || wait > 10*time.Second {
		t.Errorf("the next token in %v (%v), want one in 10 s", wait, err)
	}
}
