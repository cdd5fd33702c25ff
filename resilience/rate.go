// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// Rate bounds how many calls begin in a time, by a bucket of tokens: it holds
// Burst at most, gains PerSecond, and each call takes one. (It is counted by
// the generic cell rate algorithm of ITU-T I.371, which needs one number.)
//
// A call for which there is no token fails with [curlew.ResourceExhausted]; on a
// server its progress is [curlew.Refused] and the trailer says when there will
// be one, on a client it is [curlew.NotSent].
//
// A Bucket is one bound for all calls that pass its Interceptor. Since attempt
// interceptors of a client are applied once for each server, this one bounds the
// calls to each server by itself:
//
//	func(next curlew.Handler) curlew.Handler { return rate.New().Interceptor()(next) }
type Rate struct {
	// Off means no bound, against a wider rule.
	Off bool
	// PerSecond is how many calls may begin in a second. It must be set.
	PerSecond float64
	// Burst is how many may begin at once: PerSecond rounded up.
	Burst int
	// MaxWait is how long a call may wait for its token, unless its deadline is
	// earlier: 0, refuse at once.
	MaxWait time.Duration
}

const (
	leastRate = 1e-6
	mostRate  = 1e9 // from some 1e7 on it shows that tokens are whole nanoseconds apart
)

// Check returns what is wrong with r, or nil.
func (r Rate) Check() error {
	switch {
	case r.Off:
		return nil
	case !(r.PerSecond >= leastRate && r.PerSecond <= mostRate):
		return fmt.Errorf("resilience: rate of %v calls a second; it must be from %v to %v", r.PerSecond, leastRate, mostRate)
	case r.Burst < 0 || float64(r.Burst) > mostRate || float64(r.Burst)/r.PerSecond > math.MaxInt64/8/1e9:
		return fmt.Errorf("resilience: rate of %v calls a second with Burst %d, which is out of range", r.PerSecond, r.Burst)
	case r.MaxWait < 0:
		return fmt.Errorf("resilience: rate with MaxWait %v; it must not be negative", r.MaxWait)
	}
	return nil
}

func (r Rate) withDefaults() Rate {
	if r.Burst == 0 {
		r.Burst = int(math.Ceil(r.PerSecond))
	}
	return r
}

// Bucket is the state of a [Rate]. It is safe for concurrent use, without locks.
type Bucket struct {
	config  Rate
	start   time.Time
	refused atomic.Int64
	bucket  bucket
}

// bucket is a number: when it would be full again, in nanoseconds after a
// beginning that its owner keeps.
type bucket struct{ full atomic.Int64 }

// take takes n tokens, or tells how long it takes until there are so many.
// borrow allows to take tokens that come within that time: the caller must then
// wait as long as it is told.
func (b *bucket) take(r *Rate, now time.Duration, n int, borrow time.Duration) (wait time.Duration, ok bool) {
	gap := 1e9 / r.PerSecond
	depth := time.Duration(gap * float64(r.Burst))
	cost := time.Duration(gap * float64(n))
	for {
		was := b.full.Load()
		full := max(time.Duration(was), now) + cost
		wait = max(full-now-depth, 0)
		if wait > borrow {
			return wait, false
		}
		if b.full.CompareAndSwap(was, int64(full)) {
			return wait, true
		}
	}
}

// New returns a full bucket. r must pass its Check.
func (r Rate) New() *Bucket {
	return &Bucket{config: r.withDefaults(), start: time.Now()}
}

// Take takes n tokens at the time now. If there are not so many it takes none
// and returns after which time there will be; 0 says that they are taken.
func (b *Bucket) Take(now time.Time, n int) time.Duration {
	wait, ok := b.bucket.take(&b.config, now.Sub(b.start), n, 0)
	if !ok {
		return max(wait, 1)
	}
	return 0
}

// Refused returns how many calls the Interceptor has refused.
func (b *Bucket) Refused() int64 { return b.refused.Load() }

// Interceptor returns the bound as an interceptor, of a client in either
// position or of a server.
func (b *Bucket) Interceptor() curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		if b.config.Off {
			return next
		}
		return func(ctx context.Context, call *curlew.Call) error {
			if err := b.enter(ctx, call); err != nil {
				b.refused.Add(1)
				return err
			}
			return next(ctx, call)
		}
	}
}

func (b *Bucket) enter(ctx context.Context, call *curlew.Call) error {
	return enter(ctx, call, &b.config, &b.bucket, time.Since(b.start))
}

// enter takes a token of a bucket for a call, and waits for it if it may.
func enter(ctx context.Context, call *curlew.Call, r *Rate, b *bucket, now time.Duration) error {
	borrow := r.MaxWait
	if borrow > 0 {
		if deadline, ok := ctx.Deadline(); ok {
			borrow = max(min(borrow, time.Until(deadline)), 0)
		}
	}
	wait, ok := b.take(r, now, 1, borrow)
	if !ok {
		return tooFast(call, wait)
	}
	if wait > 0 && !Sleep(ctx, wait) {
		return refusal(call, curlew.Errorf(curlew.CodeOf(ctx.Err()), "while it waited for its turn: %w", context.Cause(ctx)))
	}
	return nil
}

// tooFast is the error of a call for which there is no token.
func tooFast(call *curlew.Call, wait time.Duration) error {
	if served(call) {
		setPushback(call.ReplyTrailer(), wait)
	}
	return refusal(call, curlew.Errorf(curlew.ResourceExhausted, "too many calls in this time; there is room in %v", wait.Round(time.Microsecond)))
}

// refusal names the call in an error of this side, which it did not pass.
func refusal(call *curlew.Call, why *curlew.Error) error {
	why = why.WithProgress(curlew.NotSent)
	if served(call) {
		why = why.WithProgress(curlew.Refused)
	}
	return named(call, why)
}
