// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
)

// Taker gives leave for calls from buckets of tokens that are told apart by
// keys: [Buckets] in this process, or buckets that processes share, of which
// contrib/redis has some. It is safe for concurrent use.
type Taker interface {
	// Take takes one token from key's bucket and returns 0, or takes none and
	// returns after which time there will be one. It does not wait for that time.
	// An error says that nobody knows: the call is let through, unless ctx has
	// ended. A Taker whose store is away for longer should rather keep to a share
	// of the limit by a bucket of its own.
	Take(ctx context.Context, key string) (wait time.Duration, err error)
}

// Throttle returns an interceptor that bounds the rate of the calls of each key,
// of a caller for instance, by the buckets of t. Calls for which there is no
// token fail as those of a [Rate] do.
func Throttle(t Taker, key func(*curlew.Call) string) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			wait, err := t.Take(ctx, key(call))
			switch {
			case err != nil && ctx.Err() != nil:
				return refusal(call, curlew.Errorf(curlew.CodeOf(ctx.Err()), "while it waited for its turn: %w", context.Cause(ctx)))
			case err == nil && wait > 0:
				return tooFast(call, wait)
			}
			return next(ctx, call)
		}
	}
}

// defaultKeys is how many keys Buckets know unless told otherwise.
const defaultKeys = 10_000

// Buckets is a bucket of one [Rate] for each key. It is a [Taker].
type Buckets struct {
	config Rate
	most   int
	start  time.Time

	mu   sync.Mutex // held for a look into the map
	keys map[string]*list.Element
	used list.List // of *keyBucket, the last used in front
}

type keyBucket struct {
	key    string
	bucket bucket
}

var _ Taker = (*Buckets)(nil)

// PerKey returns a bucket of its own for each key. It knows mostKeys of them,
// 0 meaning 10,000: beyond, that which was not used for longest is forgotten,
// and full when it comes again. Of r, which must pass its Check, MaxWait is not
// used.
func (r Rate) PerKey(mostKeys int) *Buckets {
	if mostKeys <= 0 {
		mostKeys = defaultKeys
	}
	return &Buckets{config: r.withDefaults(), most: mostKeys, start: time.Now(), keys: make(map[string]*list.Element)}
}

// Take implements Taker. It never fails.
func (b *Buckets) Take(_ context.Context, key string) (time.Duration, error) {
	return b.TakeAt(time.Now(), key), nil
}

// TakeAt is Take at the time now.
func (b *Buckets) TakeAt(now time.Time, key string) time.Duration {
	if b.config.Off {
		return 0
	}
	wait, ok := b.of(key).take(&b.config, now.Sub(b.start), 1, 0)
	if ok {
		return 0
	}
	return max(wait, 1)
}

// of returns the bucket of key.
func (b *Buckets) of(key string) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.keys[key]; e != nil {
		b.used.MoveToFront(e)
		return &e.Value.(*keyBucket).bucket
	}
	if len(b.keys) >= b.most {
		oldest := b.used.Back()
		b.used.Remove(oldest)
		delete(b.keys, oldest.Value.(*keyBucket).key)
	}
	k := &keyBucket{key: key}
	b.keys[key] = b.used.PushFront(k)
	return &k.bucket
}

// Len returns how many keys are known.
func (b *Buckets) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.keys)
}
