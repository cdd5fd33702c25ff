// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// fleet is a network of servers that can be killed, and slowed down.
type fleet struct {
	network
	mu      sync.Mutex // guards the rest
	down    map[string]bool
	slow    map[string]time.Duration
	running map[string]int
	served  map[string]int
}

func newFleet() *fleet {
	f := &fleet{
		down: make(map[string]bool), slow: make(map[string]time.Duration), running: make(map[string]int), served: make(map[string]int),
	}
	f.network.serve = f.answer
	f.network.connect = func(_ context.Context, address string) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.down[address] {
			return unavailable("connection refused")
		}
		return nil
	}
	return f
}

func (f *fleet) answer(ctx context.Context, s *session, _ *curlew.Call) (any, error) {
	address := s.remote.Address
	f.mu.Lock()
	takes := 5*time.Millisecond + f.slow[address]
	f.running[address]++
	f.served[address]++
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running[address]--
		f.mu.Unlock()
	}()
	select {
	case <-time.After(takes):
		return new(string), nil
	case <-s.closed:
		return nil, unavailable("the connection was reset")
	case <-ctx.Done():
		return nil, contextError(ctx, "waiting").WithProgress(curlew.MaybeSent)
	}
}

// kill ends a server at once, and returns how many calls it was running.
func (f *fleet) kill(address string) int {
	f.mu.Lock()
	f.down[address] = true
	running := f.running[address]
	f.mu.Unlock()
	f.network.mu.Lock()
	sessions := slices.Clone(f.sessions)
	f.network.mu.Unlock()
	for _, s := range sessions {
		if s.remote.Address == address {
			s.Close(unavailable("the connection was reset"))
		}
	}
	return running
}

func (f *fleet) revive(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[address] = false
}

// load has callers make calls for a time, and returns how long each took.
func load(t *testing.T, callers int, d time.Duration, call func() error) (took []time.Duration, failed int) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	end := time.Now().Add(d)
	for range callers {
		group.Go(func() {
			for time.Now().Before(end) {
				begun := time.Now()
				err := call()
				mu.Lock()
				took = append(took, time.Since(begun))
				if err != nil {
					failed++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(took)
	return took, failed
}

const five = "a:1,b:2,c:3,d:4,e:5"

// A server that dies under load fails no idempotent call, and of the others no
// more than it was running.
func TestKilledServer(t *testing.T) {
	for _, idempotent := range []bool{true, false} {
		t.Run(fmt.Sprint("idempotent ", idempotent), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet()
				c := dial(t, &f.network, five)
				var running atomic.Int64
				time.AfterFunc(time.Second+3*time.Millisecond, func() { running.Store(int64(f.kill("c:3"))) })
				took, failed := load(t, 40, 3*time.Second, func() error {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					if idempotent {
						_, err := readOnce(ctx, c)
						return err
					}
					_, err := hello(ctx, c)
					return err
				})
				assert.True(t, running.Load() > 0, "it was running calls")
				if idempotent {
					assert.Equal(t, failed, 0, "failed calls")
				} else {
					assert.True(t, failed <= int(running.Load()), failed, "failed calls, more than the server was running:", running.Load())
				}
				assert.True(t, len(took) > 10_000, len(took), "calls")
				assert.True(t, took[len(took)-1] < time.Second, took[len(took)-1], "the longest call")
			})
		})
	}
}

// Servers that die and come back one after the other fail no idempotent call,
// and each has its share again.
func TestServersDieInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		c := dial(t, &f.network, five)
		var turns sync.WaitGroup
		turns.Go(func() {
			for _, address := range []string{"a:1", "b:2", "c:3", "d:4", "e:5"} {
				pass(500 * time.Millisecond)
				f.kill(address)
				pass(500 * time.Millisecond)
				f.revive(address)
			}
		})
		_, failed := load(t, 20, 6*time.Second, func() error {
			_, err := readOnce(t.Context(), c)
			return err
		})
		turns.Wait()
		assert.Equal(t, failed, 0, "failed calls")
		pass(time.Minute)
		clear(f.served)
		load(t, 20, 10*time.Second, func() error {
			_, err := readOnce(t.Context(), c)
			return err
		})
		assert.Equal(t, len(f.served), 5, "servers with calls")
	})
}

// A server that becomes twenty times slower does not make the fleet slow.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		c := dial(t, &f.network, five)
		call := func() error {
			_, err := hello(t.Context(), c)
			return err
		}
		before, _ := load(t, 20, 2*time.Second, call)
		f.mu.Lock()
		f.slow["b:2"] = 95 * time.Millisecond
		f.mu.Unlock()
		load(t, 20, 2*time.Second, call)
		after, failed := load(t, 20, 5*time.Second, call)
		assert.Equal(t, failed, 0)
		p99 := func(took []time.Duration) time.Duration { return took[len(took)*99/100] }
		assert.True(t, p99(after) <= p99(before)*3/2, p99(before), p99(after), "p99 before and after")
	})
}

// The pool of a killed server's connection tells why; the others go on.
func TestStatsOfAFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		c := dial(t, &f.network, "a:1,b:2", withoutRetries(t))
		load(t, 4, 2*time.Second, func() error {
			_, err := hello(t.Context(), c)
			return err
		})
		f.kill("a:1")
		synctest.Wait()
		load(t, 4, time.Second, func() error {
			_, err := hello(t.Context(), c)
			return err
		})
		servers := c.Stats().Servers
		assert.Equal(t, servers[0].Endpoint.Address, "a:1")
		assert.Equal(t, servers[0].Connections, 0)
		assert.Equal(t, servers[0].Lost, 1)
		assert.True(t, servers[0].FailedDials > 0)
		assert.Contains(t, servers[0].Err.Error(), "connection refused")
		assert.Equal(t, servers[1].Connections, 1)
		assert.NoError(t, servers[1].Err)
		assert.True(t, servers[1].Calls > 100)
		assert.Equal(t, c.Stats().Methods[0].Method, "Greeter/Hello")
	})
}

// A server without health checks counts as well, and that is logged once; one
// whose checks hang is left out until its connection ends.
func TestHealthChecksFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		var checks atomic.Int64
		n := &network{serve: func(ctx context.Context, s *session, call *curlew.Call) (any, error) {
			if call.Method().Name() != "Check" {
				reply := s.remote.Address
				return &reply, nil
			}
			checks.Add(1)
			if s.remote.Address == "a:1" {
				return nil, curlew.NewError(curlew.Unimplemented, "no such service").WithProgress(curlew.Answered)
			}
			if hangs.Load() {
				<-ctx.Done()
				return nil, contextError(ctx, "hanging").WithProgress(curlew.MaybeSent)
			}
			return nil, unavailable("just now")
		}}
		var log bytes.Buffer
		c := dial(t, n, "b:2,a:1", inOrder, WithPool(Pool{MinIdle: 1}), WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			WithHealthChecks(HealthCheck{Interval: time.Second}))
		expect := func(want string) {
			t.Helper()
			synctest.Wait()
			reply, err := hello(t.Context(), c)
			assert.NoError(t, err)
			assert.Equal(t, reply, want)
		}
		expect("b:2") // one failed check is no proof
		hangs.Store(true)
		pass(3 * time.Second)
		expect("a:1")
		pass(time.Minute)
		assert.Equal(t, strings.Count(log.String(), "health checks are not possible"), 1)
		assert.Equal(t, strings.Count(log.String(), "left out by its health check"), 1)
		assert.True(t, checks.Load() > 50, checks.Load(), "checks")
		hangs.Store(false)
		pass(2 * time.Second) // the check that hangs comes to its end
		for i := range 2 {
			if s := n.session(i); s.remote.Address == "b:2" {
				s.Close(nil)
			}
		}
		synctest.Wait()
		expect("b:2") // nothing bad is known of it, but for one check
	})
}
