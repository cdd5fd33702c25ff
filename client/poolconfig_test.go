// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
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

// one is the figures of a client's one server.
func one(t *testing.T, c *Client) ServerStats {
	t.Helper()
	servers := c.Stats().Servers
	assert.Equal(t, len(servers), 1, "servers")
	return servers[0]
}

// Where a connection carries one call at a time, calls beyond the connections
// wait, the longest first, and too many of them are refused.
func TestExclusiveConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve, capacity: 1}
		c := dial(t, n, "a:1", withoutRetries(t), WithPool(Pool{MaxConnections: 3, MaxWaiters: 2}))
		assert.NoError(t, c.Connect(t.Context()))
		wait := start(t, c, 5)
		assert.Equal(t, n.open(), 3)
		assert.Equal(t, h.running.Load(), 3)
		s := one(t, c)
		assert.Equal(t, [3]int{s.Connections, s.InFlight, s.Waiting}, [3]int{3, 3, 2}, "connections, in flight, waiting")

		_, err := hello(t.Context(), c)
		e := assert.ErrorAs[*curlew.Error](t, err)
		assert.Equal(t, e.Code(), curlew.ResourceExhausted)
		assert.Equal(t, e.Progress(), curlew.NotSent)
		assert.Contains(t, e.Message(), "no connection is free for a:1: 3 in use, at most 3, and 2 calls wait already; raise MaxConnections of client.WithPool")
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
		s = one(t, c)
		assert.Equal(t, [3]int{s.Connections, s.InFlight, s.Waiting}, [3]int{3, 0, 0}, "connections, in flight, waiting")
		assert.Equal(t, s.Exhausted, 1)
		assert.Equal(t, s.Calls, 6, "Connect's, too")
		assert.Equal(t, s.Dials, 3)

		_, err = hello(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, n.dialed(), 3, "connections are used again")
		pass(3 * idleTimeout)
		synctest.Wait()
		assert.Equal(t, n.open(), 0, "idle ones end")
		assert.Equal(t, one(t, c).Idle, 3)
	})
}

// A pool that is exhausted opens the breaker that counts it, so that callers fail
// at once instead of waiting each.
func TestExhaustionOpensBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve, capacity: 1}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 1, AcquireTimeout: time.Second}), withPolicy(t, policy.Rules{Default: policy.Method{
			Breaker: &resilience.Breaker{Consecutive: 3, Codes: resilience.CodesOf(curlew.Unavailable, curlew.ResourceExhausted)},
		}}), WithInterceptors(resilience.Fallback(func(_ context.Context, call *curlew.Call, err error) error {
			reply := "instead"
			return call.SetReply(&reply)
		})))
		assert.NoError(t, c.Connect(t.Context()))
		wait := start(t, c, 1)
		for i := range 5 {
			begun := time.Now()
			reply, err := hello(t.Context(), c)
			assert.NoError(t, err)
			assert.Equal(t, reply, "instead")
			assert.Equal(t, time.Since(begun) == time.Second, i < 3, "call ", i, " waits")
		}
		assert.Equal(t, one(t, c).Exhausted, 3)
		assert.Equal(t, c.Breakers()[0].Circuit.State(), resilience.Open)
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
	})
}

func TestAcquireTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve, capacity: 1}
		c := dial(t, n, "a:1", withoutRetries(t), WithPool(Pool{MaxConnections: 1, AcquireTimeout: time.Second}))
		assert.NoError(t, c.Connect(t.Context()))
		wait := start(t, c, 1)
		begun := time.Now()
		_, err := hello(t.Context(), c)
		assert.ErrorIs(t, err, curlew.ResourceExhausted)
		assert.Contains(t, err.Error(), "none became free within Pool.AcquireTimeout, 1s")
		assert.Equal(t, time.Since(begun), time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = hello(ctx, c)
		assert.ErrorIs(t, err, curlew.DeadlineExceeded)
		assert.Equal(t, one(t, c).Waiting, 0, "who gives up waits no more")
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
	})
}

// Calls that wait for connections of one call each get theirs though all were
// lost.
func TestExclusiveConnectionsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{capacity: 1, serve: func(ctx context.Context, s *session, call *curlew.Call) (any, error) {
			if s.number == 1 {
				<-s.closed
				return nil, unavailable("lost")
			}
			return h.serve(ctx, s, call)
		}}
		c := dial(t, n, "a:1", withoutRetries(t), WithPool(Pool{MaxConnections: 1}))
		assert.NoError(t, c.Connect(t.Context()))
		lost := start(t, c, 1)
		wait := start(t, c, 3)
		pass(2 * stableAfter)
		n.session(0).Close(nil)
		close(h.letGo)
		assert.Equal(t, len(lost()), 1, "the call on the lost connection")
		assert.Equal(t, len(wait()), 0)
		assert.Equal(t, n.dialed(), 2)
	})
}

func TestMinIdle(t *testing.T) {
	for _, capacity := range []int{1, 10} {
		synctest.Test(t, func(t *testing.T) {
			h := newHeld()
			n := &network{serve: h.serve, capacity: capacity}
			c := dial(t, n, "a:1", WithPool(Pool{MinIdle: 2}))
			synctest.Wait()
			assert.Equal(t, n.open(), 2, "before the first call")
			wait := start(t, c, 1)
			want := 2
			if capacity == 1 {
				want = 3
			}
			assert.Equal(t, n.open(), want, "with a call in flight")
			close(h.letGo)
			assert.Equal(t, len(wait()), 0)
			pass(5 * idleTimeout)
			assert.Equal(t, n.open(), 2, "idle ones stay")
			n.session(0).Close(nil)
			n.session(1).Close(nil)
			synctest.Wait()
			assert.Equal(t, n.open(), 2, "others instead of the lost ones")
		})
	}
}

// A connection that is too old is replaced before it ends, and its calls end in
// peace.
func TestMaxLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		var fails atomic.Bool
		n := &network{serve: h.serve, connect: func(context.Context, string) error {
			if fails.Load() {
				return unavailable("no")
			}
			return nil
		}}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 1, MaxLifetime: time.Minute}))
		wait := start(t, c, 1)
		fails.Store(true)
		pass(time.Minute)
		synctest.Wait()
		assert.True(t, n.dialed() > 1, "it was to be replaced")
		assert.Equal(t, one(t, c).Connections, 1, "nothing replaces it, so it stays")
		fails.Store(false)
		pass(2 * time.Minute)
		synctest.Wait()
		assert.Equal(t, one(t, c).Connections, 1)
		assert.True(t, !n.session(0).isClosed(), "a call is on it")
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
		synctest.Wait()
		assert.True(t, n.session(0).isClosed())
		assert.True(t, one(t, c).Expired >= 1)
		dials := n.dialed()
		pass(10 * time.Minute)
		assert.True(t, n.dialed()-dials >= 9 && n.dialed()-dials <= 13, n.dialed()-dials, "connections in ten minutes")
		assert.Equal(t, n.open(), 1)
	})
}

func TestLeaksAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := dial(t, new(network), "a:1", WithPool(Pool{LeakAfter: time.Minute}), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		closed, err := c.Open(t.Context(), chat)
		assert.NoError(t, err)
		leaked, err := c.Open(t.Context(), chat)
		assert.NoError(t, err)
		pass(time.Second)
		closed.Close()
		pass(time.Hour)
		synctest.Wait()
		assert.Equal(t, strings.Count(log.String(), "a call is open for long"), 1)
		assert.Contains(t, log.String(), "TestLeaksAreLogged")
		assert.Equal(t, one(t, c).Leaks, 1)
		leaked.Close()
	})
}

// Whatever happens to connections of one call each, none of them is lost or has
// two calls, and nobody waits for ever.
func TestExclusiveConnectionsInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int64
		var calm atomic.Bool
		n := &network{capacity: 1, connect: func(context.Context, string) error {
			if dials.Add(1)%7 == 0 && !calm.Load() {
				return unavailable("just not now")
			}
			pass(time.Millisecond)
			return nil
		}, serve: func(ctx context.Context, s *session, _ *curlew.Call) (any, error) {
			select {
			case <-time.After(time.Duration(rand.IntN(5)) * time.Millisecond):
				return new(string), nil
			case <-s.closed:
				return nil, unavailable("the connection was reset")
			case <-ctx.Done():
				return nil, contextError(ctx, "waiting").WithProgress(curlew.MaybeSent)
			}
		}}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 5, MinIdle: 1, MaxLifetime: 50 * time.Millisecond, IdleTimeout: 20 * time.Millisecond}))
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				for range 200 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rand.IntN(40))*time.Millisecond)
					hello(ctx, c)
					cancel()
				}
			})
		}
		callers.Go(func() {
			for range 50 {
				pass(10 * time.Millisecond)
				n.mu.Lock()
				sessions := n.sessions
				n.mu.Unlock()
				for _, s := range sessions {
					if !s.isClosed() && rand.IntN(4) == 0 {
						s.Close(unavailable("the connection was reset"))
					}
				}
			}
		})
		callers.Wait()
		calm.Store(true)
		pass(time.Minute)
		synctest.Wait()
		p := onlyPool(t, c)
		s := one(t, c)
		assert.Equal(t, [2]int{s.InFlight, s.Waiting}, [2]int{}, "in flight, waiting")
		assert.Equal(t, len(p.free), s.Connections, "free connections")
		assert.True(t, s.Connections+p.dialing >= 1 && s.Connections <= 5, s.Connections, "connections")
		assert.Equal(t, n.open(), s.Connections)
		for range 10 {
			_, err := hello(t.Context(), c)
			assert.NoError(t, err)
		}
	})
}
