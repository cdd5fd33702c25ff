// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		limit Limit
		text  string
	}{
		{Limit{Name: "x", PerSecond: 1}, ""},
		{Limit{Name: "x", PerSecond: 10, Burst: 20, Batch: 20, Share: 1}, ""},
		{Limit{PerSecond: 1}, "without a name"},
		{Limit{Name: "x"}, "from 0.001 to 1,000,000"},
		{Limit{Name: "x", PerSecond: -1}, "from 0.001"},
		{Limit{Name: "x", PerSecond: math.NaN()}, "from 0.001"},
		{Limit{Name: "x", PerSecond: math.Inf(1)}, "from 0.001"},
		{Limit{Name: "x", PerSecond: 1, Burst: -1}, "burst of -1"},
		{Limit{Name: "x", PerSecond: 50, Batch: 6}, "its Burst of 5"},
		{Limit{Name: "x", PerSecond: 1, Batch: -1}, "batch of -1"},
		{Limit{Name: "x", PerSecond: 1, Hold: -1}, "negative"},
		{Limit{Name: "x", PerSecond: 1, Timeout: -1}, "negative"},
		{Limit{Name: "x", PerSecond: 1, Keys: -1}, "negative"},
		{Limit{Name: "x", PerSecond: 1, Share: 1.5}, "share of 1.5"},
		{Limit{Name: "x", PerSecond: 1, Share: math.NaN()}, "share of NaN"},
	} {
		err := test.limit.Check()
		if test.text == "" && err != nil || test.text != "" && (err == nil || !strings.Contains(err.Error(), test.text)) {
			t.Errorf("%+v: error is %v, want one with %q", test.limit, err, test.text)
		}
		if test.text != "" {
			if _, err := New(nil, test.limit); err == nil {
				t.Errorf("New takes %+v", test.limit)
			}
		}
	}
}

func TestClientsThatWouldHang(t *testing.T) {
	limit := Limit{Name: "x", PerSecond: 1}
	for _, client := range []goredis.UniversalClient{
		goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1"}),
		goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}}),
		goredis.NewRing(&goredis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}}),
	} {
		if _, err := New(client, limit); err == nil || !strings.Contains(err.Error(), "ContextTimeoutEnabled") {
			t.Errorf("%T: error is %v, want one about ContextTimeoutEnabled", client, err)
		}
		_ = client.Close()
	}
}

func TestAccount(t *testing.T) {
	const most, hold = 8, time.Second
	now := time.Now()
	a := new(account)
	for i, want := range []int{1, 2, 4, 8, 8} {
		if got := a.want(now, most); got != want {
			t.Fatalf("%d. batch is of %d, want %d", i, got, want)
		}
		a.receive(now, want, 0, hold)
		for range want {
			if wait, known := a.take(now); !known || wait != 0 {
				t.Fatalf("a token of a batch is not there (%v, %v)", wait, known)
			}
		}
		if _, known := a.take(now); known {
			t.Fatal("there is one token more than was given")
		}
		now = now.Add(hold / 2)
	}
	a.receive(now, 8, 0, hold)
	now = now.Add(hold)
	if _, known := a.take(now); known {
		t.Error("a token is good after it has lapsed")
	}
	if got := a.want(now, most); got != 1 {
		t.Errorf("the batch after a pause is of %d, want 1", got)
	}
	a.waiting = 5
	if got := a.want(now, most); got != 6 {
		t.Errorf("the batch for six calls is of %d", got)
	}
	a.waiting = 100
	if got := a.want(now, most); got != most {
		t.Errorf("the batch for 101 calls is of %d, want %d", got, most)
	}
	a.receive(now, 0, time.Second, hold)
	if wait, known := a.take(now.Add(time.Second / 4)); !known || wait != 3*time.Second/4 {
		t.Errorf("wait is %v (%v), want 750 ms", wait, known)
	}
	if _, known := a.take(now.Add(time.Second)); known {
		t.Error("Redis is not asked once there may be a token")
	}
}

func TestAccountsAreBounded(t *testing.T) {
	accounts := newAccounts(10)
	kept := accounts.of("kept")
	for i := range 1000 {
		accounts.of(strconv.Itoa(i))
		if accounts.of("kept") != kept {
			t.Fatal("an account that is used all the time was dropped")
		}
	}
	if n := len(accounts.young) + len(accounts.old); n > 20 {
		t.Errorf("there are %d accounts, want 20 at most", n)
	}
}

// TestStore holds who asks a Redis that has failed, and when.
func TestStore(t *testing.T) {
	var log strings.Builder
	s := &store{timeout: 50 * time.Millisecond, log: slog.New(slog.NewTextHandler(&log, nil))}
	now := time.Now()
	if !s.ready(now) || s.away() {
		t.Error("a Redis that never failed is not asked")
	}
	var pauses []time.Duration
	for range 12 {
		s.failed(now, errors.New("boo"))
		begin := now
		for !s.ready(now) {
			now = now.Add(time.Millisecond)
		}
		if s.ready(now) {
			t.Fatal("two ask a Redis that has failed at the same time")
		}
		pauses = append(pauses, now.Sub(begin))
	}
	if pauses[0] < 50*time.Millisecond || pauses[0] > 101*time.Millisecond || pauses[11] < 2500*time.Millisecond || pauses[11] > 5001*time.Millisecond {
		t.Errorf("pauses are %v, want about 75 ms first and 3.75 s last", pauses)
	}
	s.answered()
	s.answered()
	for range 2 {
		if !s.ready(now) || s.away() {
			t.Error("a Redis that answers again is not asked by all")
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines of log, want 2:\n%s", n, log.String())
	}
}

// TestWithoutRedis has nobody listen at the address.
func TestWithoutRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	client := goredis.NewClient(&goredis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: true, DialerRetries: 1})
	defer func() { _ = client.Close() }()
	b, err := New(client, Limit{Name: "x", PerSecond: 0.01, Burst: 10, Share: 0.5, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for range 100 {
		wait, err := b.Take(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if wait == 0 {
			got++
		}
	}
	if got != 5 {
		t.Errorf("%d tokens, want a share of 5", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Take(ctx, "other"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
}
