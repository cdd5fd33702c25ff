// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/server"
)

type text = wrapperspb.StringValue

// shop serves a method that f serves, behind interceptors.
func shop(t *testing.T, f func(context.Context, *text) (*text, error), around ...curlew.Interceptor) *curlewtest.Server {
	s, err := server.New(server.WithInterceptors(around...))
	assert.NoError(t, err)
	assert.NoError(t, s.Register(curlew.NewService("Shop", curlew.Unary("Look", f, curlew.NoSideEffects))))
	return curlewtest.Start(t, s)
}

func rules(t *testing.T, r policy.Rules) client.Option {
	p, err := policy.New(r)
	assert.NoError(t, err)
	return client.WithPolicy(p)
}

var lookAt = curlew.Unary[text, text]("Shop/Look", nil, curlew.NoSideEffects)

// TestPushbackOverTheWire has a server refuse a call and say when to come again.
func TestPushbackOverTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := resilience.Rate{PerSecond: 2, Burst: 1}.New()
		s := shop(t, func(context.Context, *text) (*text, error) { return wrapperspb.String("a"), nil }, bucket.Interceptor())
		c := s.Client()
		for range 3 {
			began := time.Now()
			var reply text
			assert.NoError(t, c.Invoke(t.Context(), lookAt, wrapperspb.String(""), &reply))
			assert.True(t, time.Since(began) <= 501*time.Millisecond, "the wait that the server asks for")
		}
		assert.Equal(t, bucket.Refused(), 2)
		once := s.Client(rules(t, policy.Rules{Default: policy.Method{Retry: &resilience.Retry{Off: true}}}))
		err := curlew.ErrorOf(once.Invoke(t.Context(), lookAt, wrapperspb.String(""), new(text)))
		assert.Equal(t, err.Code(), curlew.ResourceExhausted)
		assert.Equal(t, err.Progress(), curlew.Refused)
		assert.Equal(t, err.Origin(), curlew.OriginServer)
	})
}

// TestDeadlinesOfAChain has a server call another one with the context that its
// handler got, and nothing else.
func TestDeadlinesOfAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		last := shop(t, func(ctx context.Context, _ *text) (*text, error) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return wrapperspb.String("last"), nil
		})
		behind := last.Client()
		first := shop(t, func(ctx context.Context, m *text) (*text, error) {
			<-time.After(300 * time.Millisecond)
			var reply text
			return &reply, behind.Invoke(ctx, lookAt, m, &reply)
		})
		c := first.Client(rules(t, policy.Rules{Reads: policy.Method{Timeout: time.Second}}))
		var reply text
		assert.NoError(t, c.Invoke(t.Context(), lookAt, wrapperspb.String(""), &reply))
		assert.Equal(t, reply.Value, "last")
		assert.True(t, left > 690*time.Millisecond && left < 701*time.Millisecond, left)
	})
}

// TestOverloadWithRetries offers a server three times of what it can do, by
// clients that retry.
func TestOverloadWithRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots, takes, lasts = 8, 5 * time.Millisecond, 3 * time.Second
		capacity := slots * float64(time.Second) / float64(takes)
		random := rand.New(rand.NewPCG(1, 1))
		var arrived atomic.Int64
		count := func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				arrived.Add(1)
				return next(ctx, call)
			}
		}
		limiter := resilience.Shed{Concurrency: resilience.Concurrency{Limit: slots}}.New()
		s := shop(t, func(context.Context, *text) (*text, error) {
			<-time.After(takes)
			return wrapperspb.String("a"), nil
		}, count, limiter.Interceptor())
		c := s.Client()
		assert.NoError(t, c.Connect(t.Context()))

		var calls, good atomic.Int64
		var running sync.WaitGroup
		began := time.Now()
		for next := time.Duration(0); next < lasts; next += time.Duration(random.ExpFloat64() / (3 * capacity) * float64(time.Second)) {
			<-time.After(next - time.Since(began))
			calls.Add(1)
			running.Go(func() {
				var reply text
				if c.Invoke(t.Context(), lookAt, wrapperspb.String(""), &reply) == nil {
					good.Add(1)
				}
			})
		}
		running.Wait()
		added := float64(arrived.Load()-calls.Load()) / float64(calls.Load())
		goodput := float64(good.Load()) / lasts.Seconds() / capacity
		t.Logf("goodput %.1f %% of capacity, retries add %.2f %% of load", 100*goodput, 100*added)
		assert.True(t, goodput >= 0.9, "goodput")
		assert.True(t, added <= 0.1, fmt.Sprintf("retries add %.2f %%", 100*added))
	})
}
