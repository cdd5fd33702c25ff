// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/curlewrpc/curlew/resilience"
)

// Buckets are a [Limit]'s token buckets, one a key. They are safe for
// concurrent use. They start nothing; the client is the caller's to close.
type Buckets struct {
	limit    Limit
	each     time.Duration // a token
	store    *store
	accounts *accounts
	own      *resilience.Buckets // those that stand in for Redis
}

var _ resilience.Taker = (*Buckets)(nil)

// New returns the buckets of a limit kept by client's Redis: a server, a
// cluster, a ring or what Sentinel watches. The client must have
// ContextTimeoutEnabled set, so that a Redis that hangs holds up no call.
func New(client goredis.UniversalClient, l Limit) (*Buckets, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	if !heedsContext(client) {
		return nil, errors.New("redis: set ContextTimeoutEnabled in the client's options; without it a Redis that hangs would hold calls up past their deadlines")
	}
	l = l.withDefaults()
	own := resilience.Rate{PerSecond: l.PerSecond * l.Share, Burst: max(1, int(float64(l.Burst)*l.Share))}
	return &Buckets{
		limit:    l,
		each:     time.Duration(float64(time.Second) / l.PerSecond),
		store:    &store{client: client, script: goredis.NewScript(take), name: l.Name, timeout: l.Timeout, log: l.Logger},
		accounts: newAccounts((l.Keys + 1) / 2),
		own:      own.PerKey(l.Keys),
	}, nil
}

// heedsContext reports whether the client's commands end with their context.
func heedsContext(client goredis.UniversalClient) bool {
	switch c := client.(type) {
	case *goredis.Client:
		return c.Options().ContextTimeoutEnabled
	case *goredis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	case *goredis.Ring:
		return c.Options().ContextTimeoutEnabled
	}
	return true // the caller's own
}

// Take takes a token from the bucket of a key; every key has one, and "" is as
// good as any. It returns 0 if there was one, and otherwise how long it will be
// until there is one. It waits for Redis at most, never for a token. Its error is
// ctx's.
func (b *Buckets) Take(ctx context.Context, key string) (wait time.Duration, err error) {
	a := b.accounts.of(key)
	if wait, known := a.take(time.Now()); known {
		return wait, nil
	}
	patience, hurried := b.limit.Timeout, false
	if deadline, ok := ctx.Deadline(); ok {
		quarter := time.Until(deadline) / 4
		patience, hurried = min(quarter, patience), quarter < patience
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for b.refill(bounded, a, key, hurried) {
		if wait, known := a.take(time.Now()); known {
			return wait, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return b.own.Take(ctx, key)
}

// refill asks Redis for tokens, or waits for another call that does, and reports
// whether there is an answer. One that is late although it had the limit's whole
// Timeout counts as a failure of Redis; it did not have that if the call was
// hurried.
func (b *Buckets) refill(ctx context.Context, a *account, key string, hurried bool) bool {
	now := time.Now()
	a.mu.Lock()
	if asking := a.asking; asking != nil {
		if b.store.away() {
			a.mu.Unlock()
			return false
		}
		a.waiting++
		a.mu.Unlock()
		answered := false
		select {
		case <-asking:
			answered = true
		case <-ctx.Done():
		}
		a.mu.Lock()
		a.waiting--
		a.mu.Unlock()
		return answered
	}
	if !b.store.ready(now) {
		a.mu.Unlock()
		return false
	}
	a.asking = make(chan struct{})
	want := a.want(now, b.limit.Batch)
	a.mu.Unlock()

	given, wait, err := b.store.ask(ctx, b.key(key), b.each, b.limit.Burst, want)
	switch {
	case err == nil:
		b.store.answered()
	case timedOut(err) && hurried || errors.Is(ctx.Err(), context.Canceled):
	default:
		b.store.failed(time.Now(), err)
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.asking)
	a.asking = nil
	if err != nil {
		return false
	}
	a.receive(now, given, wait, b.limit.Hold)
	return true
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// longestKey is how many bytes of a key stand in Redis as they are.
const longestKey = 128

// key returns the name in Redis of a key's bucket.
func (b *Buckets) key(key string) string {
	if len(key) > longestKey {
		key = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(key)))
	}
	return "curlew:limit:" + b.limit.Name + ":" + key
}
