// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
)

var read = curlew.NewMethod("Greeter/Read", curlew.KindUnary, curlew.Idempotent)

// readOnce calls an idempotent method.
func readOnce(ctx context.Context, c *Client) (string, error) {
	var reply string
	err := c.Invoke(ctx, read, new(string), &reply)
	return reply, err
}

// Without a policy, calls that no server has begun and idempotent ones are tried
// three times, each time at another server.
func TestDefaultPolicyRetries(t *testing.T) {
	for _, test := range []struct {
		name     string
		err      *curlew.Error
		once     bool // not idempotent
		attempts int
	}{
		{"idempotent", unavailable("lost"), false, 3},
		{"perhaps begun", unavailable("lost"), true, 1},
		{"refused by load", curlew.NewError(curlew.ResourceExhausted, "busy").WithProgress(curlew.Refused), true, 5},
		{"business error", curlew.NewError(curlew.NotFound, "").WithProgress(curlew.Answered), false, 1},
		{"exhausted quota", curlew.NewError(curlew.ResourceExhausted, "").WithProgress(curlew.Answered), false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []string
				n := &network{serve: func(_ context.Context, s *session, _ *curlew.Call) (any, error) {
					at = append(at, s.remote.Address)
					return nil, test.err
				}}
				c := dial(t, n, "a:1,b:2,c:3")
				var err error
				if test.once {
					_, err = hello(t.Context(), c)
				} else {
					_, err = readOnce(t.Context(), c)
				}
				assert.ErrorIs(t, err, test.err.Code())
				assert.Equal(t, len(at), test.attempts)
				if len(at) >= 3 {
					assert.True(t, at[0] != at[1] && at[1] != at[2] && at[0] != at[2], at, "all three servers")
				}
			})
		})
	}
}

// The budget bounds what a client adds to the load of servers that refuse.
func TestBudgetOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) {
			tries.Add(1)
			return nil, curlew.NewError(curlew.ResourceExhausted, "busy").WithProgress(curlew.Refused)
		}}
		c := dial(t, n, "a:1,b:2")
		const calls = 2000
		for range calls {
			_, err := hello(t.Context(), c)
			assert.ErrorIs(t, err, curlew.ResourceExhausted)
		}
		further := tries.Load() - calls
		assert.True(t, further > 0 && further <= calls/10+64, further, "further tries, of which the budget allows a tenth")
		assert.Equal(t, int64(c.Stats().Budget.Retries), further)
	})
}

func TestBreakerOfMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := true
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) {
			if fails {
				return nil, unavailable("down")
			}
			return new(string), nil
		}}
		breaker := func(consecutive int, limit int) *policy.Snapshot {
			p, err := policy.New(policy.Rules{Default: policy.Method{
				Retry: &resilience.Retry{Off: true}, Breaker: &resilience.Breaker{Consecutive: consecutive}, MaxSend: limit,
			}})
			assert.NoError(t, err)
			return p
		}
		c := dial(t, n, "a:1", WithPolicy(breaker(3, 0)))
		for range 3 {
			_, err := hello(t.Context(), c)
			assert.Contains(t, err.Error(), "down")
		}
		_, err := hello(t.Context(), c)
		assert.Contains(t, err.Error(), "the circuit breaker is open")
		_, err = readOnce(t.Context(), c)
		assert.Contains(t, err.Error(), "down", "another method has its own breaker")

		c.policy.Store(breaker(3, 10)) // says the same of the breaker
		_, err = hello(t.Context(), c)
		assert.Contains(t, err.Error(), "the circuit breaker is open")
		assert.Equal(t, c.Stats().Methods[0].Method, "Greeter/Hello")
		assert.Equal(t, c.Stats().Methods[0].Breaker.State, resilience.Open)
		fails = false
		all := c.Breakers()
		assert.Equal(t, len(all), 2)
		assert.Equal(t, all[0].Method, "Greeter/Hello")
		all[0].Circuit.Reset()
		_, err = hello(t.Context(), c)
		assert.NoError(t, err)
		all[0].Circuit.Force(resilience.Open)
		_, err = hello(t.Context(), c)
		assert.ErrorIs(t, err, curlew.Unavailable)
		c.policy.Store(breaker(4, 10)) // another breaker
		_, err = hello(t.Context(), c)
		assert.NoError(t, err)
	})
}

// A server whose breaker is open is passed over at no cost to the call, and is
// tried again after a while.
func TestBreakerOfServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bad atomic.Bool
		var asked atomic.Int64
		bad.Store(true)
		n := &network{serve: func(_ context.Context, s *session, _ *curlew.Call) (any, error) {
			if s.remote.Address == "a:1" {
				asked.Add(1)
				if bad.Load() {
					return nil, unavailable("a:1 is broken")
				}
			}
			return new(string), nil
		}}
		c := dial(t, n, "a:1,b:2", inOrder, withPolicy(t, policy.Rules{Default: policy.Method{
			Retry: &resilience.Retry{Off: true}, InstanceBreaker: &resilience.Breaker{Consecutive: 3, OpenFor: time.Second},
		}}))
		for range 3 {
			_, err := hello(t.Context(), c)
			assert.Contains(t, err.Error(), "a:1 is broken")
		}
		for range 100 {
			_, err := hello(t.Context(), c)
			assert.NoError(t, err)
		}
		assert.Equal(t, asked.Load(), 3)
		all := c.Breakers()
		assert.Equal(t, all[0].Server, "a:1")
		assert.Equal(t, all[0].Circuit.State(), resilience.Open)
		bad.Store(false)
		pass(2 * time.Second)
		for range 10 {
			_, err := hello(t.Context(), c)
			assert.NoError(t, err)
		}
		assert.True(t, asked.Load() > 3, "it has its calls again")
		assert.Equal(t, all[0].Circuit.State(), resilience.Closed)
	})
}

// Interceptors that wrap a call see one snapshot's policy, however often it is
// swapped.
func TestPoliciesSwappedUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) {
			pass(time.Millisecond)
			return new(string), nil
		}}
		snapshots := make([]*policy.Snapshot, 2)
		for i := range snapshots {
			var err error
			m := policy.Method{Timeout: time.Duration(i+1) * time.Second, Breaker: &resilience.Breaker{}, Concurrency: &resilience.Concurrency{Limit: 10 + i}}
			if i == 1 {
				m.Rate, m.InstanceBreaker = &resilience.Rate{PerSecond: 1e6, Burst: 1e6}, &resilience.Breaker{Consecutive: 7}
			}
			snapshots[i], err = policy.New(policy.Rules{Default: m})
			assert.NoError(t, err)
		}
		var calls atomic.Int64
		c := dial(t, n, "a:1,b:2", WithPolicy(snapshots[0]), WithInterceptors(func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				calls.Add(1)
				return next(ctx, call)
			}
		}))
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 100 {
					if _, err := hello(t.Context(), c); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Go(func() {
			for i := range 300 {
				c.policy.Store(snapshots[i%2])
				c.Stats()
				c.Breakers()
				pass(300 * time.Microsecond)
			}
		})
		group.Wait()
		assert.Equal(t, calls.Load(), 800)
	})
}

// A hedged call asks a second server while the first is slow.
func TestHedgedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []string
		n := &network{serve: func(ctx context.Context, s *session, _ *curlew.Call) (any, error) {
			mu.Lock()
			at = append(at, s.remote.Address)
			first := len(at)%2 == 1
			mu.Unlock()
			if first {
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
					return nil, contextError(ctx, "slow").WithProgress(curlew.MaybeSent)
				}
			}
			reply := s.remote.Address
			return &reply, nil
		}}
		c := dial(t, n, "a:1,b:2", withPolicy(t, policy.Rules{Reads: policy.Method{Hedge: &resilience.Hedge{Delay: 10 * time.Millisecond}}}))
		for range 10 {
			at = nil
			begun := time.Now()
			reply, err := readOnce(t.Context(), c)
			assert.NoError(t, err)
			assert.Equal(t, time.Since(begun), 10*time.Millisecond)
			assert.Equal(t, len(at), 2)
			assert.True(t, at[0] != at[1], at, "two servers")
			assert.Equal(t, reply, at[1])
		}
		released(t, c, n)
	})
}

// Streams are opened again if no server has begun them, and bounded by a rule
// for streams.
func TestGuardedStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opens := 0
		n := &network{refuse: func(*session, *curlew.Call) error {
			if opens++; opens <= 4 {
				return unavailable("not yet").WithProgress(curlew.NotSent)
			}
			return nil
		}}
		c := dial(t, n, "a:1", withPolicy(t, policy.Rules{Streams: policy.Method{Timeout: time.Minute}}))
		s, err := c.Open(t.Context(), chat)
		assert.NoError(t, err)
		assert.Equal(t, opens, 5)
		begun := time.Now()
		assert.ErrorIs(t, s.Receive(t.Context(), new(string)), context.DeadlineExceeded)
		assert.True(t, time.Since(begun) <= time.Minute)
		released(t, c, n)
	})
}
