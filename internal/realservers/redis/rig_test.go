// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/curlewrpc/curlew/contrib/redis"
)

func newClient(t testing.TB, addr string) *goredis.Client {
	client := goredis.NewClient(&goredis.Options{Addr: addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// newSlowClient returns a client whose commands arrive late, as on a long line.
func newSlowClient(t testing.TB, addr string, late time.Duration) *goredis.Client {
	client := goredis.NewClient(&goredis.Options{Addr: addr, ContextTimeoutEnabled: true,
		Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return slowConn{conn, late}, err
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

type slowConn struct {
	net.Conn
	late time.Duration
}

func (c slowConn) Write(b []byte) (int, error) {
	<-time.After(c.late)
	return c.Conn.Write(b)
}

// newBuckets returns the limit's buckets, in a process that has patience with a
// machine under load unless the limit says otherwise.
func newBuckets(t testing.TB, client goredis.UniversalClient, l redis.Limit) *redis.Buckets {
	t.Helper()
	if l.Timeout == 0 {
		l.Timeout = 5 * time.Second
	}
	if l.Hold == 0 {
		l.Hold = 5 * time.Second
	}
	b, err := redis.New(client, l)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// takes reports whether there was a token.
func takes(t testing.TB, b *redis.Buckets, key string) bool {
	t.Helper()
	wait, err := b.Take(t.Context(), key)
	if err != nil {
		t.Error(err)
	}
	return wait == 0 && err == nil
}

// takesOf takes n times and returns how often there was a token.
func takesOf(t testing.TB, b *redis.Buckets, key string, n int) int {
	t.Helper()
	got := 0
	for range n {
		if takes(t, b, key) {
			got++
		}
	}
	return got
}

// takesUntil takes as fast as it may until the end, and returns how often, and
// when for the last time.
func takesUntil(t testing.TB, b *redis.Buckets, end time.Time) (got int, last time.Time) {
	t.Helper()
	for {
		now := time.Now()
		if !now.Before(end) {
			return got, last
		}
		wait, err := b.Take(t.Context(), "")
		switch {
		case err != nil:
			t.Error(err)
			return got, last
		case wait == 0:
			got++
			last = now
		default:
			<-time.After(min(wait, time.Until(end)))
		}
	}
}

// asked returns how often the script has run.
func asked(t testing.TB, client *goredis.Client) int {
	t.Helper()
	info, err := client.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "cmdstat_time:calls=")
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("%v in\n%s", err, info)
	}
	return n
}

// eventually calls f until it has no error.
func eventually(t testing.TB, f func() error) {
	t.Helper()
	over := time.After(30 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-over:
			t.Fatal(err)
		}
	}
}

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// expect is an error unless the log has so many lines with the text.
func (l *logged) expect(n int, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Count(l.text.String(), text); got != n {
		return fmt.Errorf("%d lines of the log have %q, want %d:\n%s", got, text, n, l.text.String())
	}
	return nil
}

func (l *logged) mustHave(t testing.TB, n int, text string) {
	t.Helper()
	if err := l.expect(n, text); err != nil {
		t.Error(err)
	}
}
