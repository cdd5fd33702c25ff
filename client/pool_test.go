// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// held is a server that answers no call before it is let go.
type held struct {
	running atomic.Int32
	letGo   chan struct{}
}

func newHeld() *held { return &held{letGo: make(chan struct{})} }

func (h *held) serve(ctx context.Context, _ *session, _ *curlew.Call) (any, error) {
	h.running.Add(1)
	defer h.running.Add(-1)
	select {
	case <-h.letGo:
		return new(string), nil
	case <-ctx.Done():
		return nil, contextError(ctx, "held")
	}
}

// start makes n calls at the same time and returns what waits for their errors.
func start(t *testing.T, c *Client, n int) (wait func() []error) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, errs[i] = hello(t.Context(), c) })
	}
	synctest.Wait()
	return func() []error {
		wg.Wait()
		return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	}
}

func TestConnectionsAreLazyAndShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{connect: func(context.Context, string) error {
			pass(time.Second)
			return nil
		}}
		c := dial(t, n, "a:1")
		synctest.Wait()
		assert.Equal(t, n.dialed(), 0, "New does not dial")
		begun := time.Now()
		assert.Equal(t, len(start(t, c, 100)()), 0)
		assert.Equal(t, time.Since(begun), time.Second)
		assert.Equal(t, n.dialed(), 1, "callers share a dial")
		assert.NoError(t, c.Connect(t.Context()))
		assert.Equal(t, n.dialed(), 1)
	})
}

func TestMoreConnectionsWhenOneIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve, capacity: 10}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 3}))
		wait := start(t, c, 35)
		assert.Equal(t, n.open(), 3)
		assert.Equal(t, h.running.Load(), 30, "the others wait for room")
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)

		pass(3 * idleTimeout)
		synctest.Wait()
		assert.Equal(t, n.open(), 1, "connections without calls are closed but for one")
		assert.Equal(t, len(start(t, c, 5)()), 0)
		assert.Equal(t, n.dialed(), 3)
	})
}

// Calls that all wait for the first dial get more connections too.
func TestGrowthAfterSlowDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve, capacity: 10, connect: func(context.Context, string) error {
			pass(time.Second)
			return nil
		}}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 3}))
		wait := start(t, c, 35)
		assert.Equal(t, n.dialed(), 1)
		pass(time.Minute)
		synctest.Wait()
		assert.Equal(t, n.open(), 3)
		assert.Equal(t, h.running.Load(), 30)
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
	})
}

// onlyPool returns the pool of a client of one server.
func onlyPool(t *testing.T, c *Client) *pool {
	t.Helper()
	synctest.Wait() // for the resolver
	for _, p := range c.cluster.pools {
		return p
	}
	t.Fatal("the client has no pool")
	return nil
}

func TestRoomIsReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, &network{capacity: 2}, "a:1")
		assert.NoError(t, c.Connect(t.Context()))
		p := onlyPool(t, c)
		conn := (*p.conns.Load())[0]
		assert.True(t, conn.reserve(), "one")
		assert.True(t, conn.reserve(), "two")
		assert.True(t, !conn.reserve(), "the session does not know of the first two yet")
		conn.opened()
		conn.release()
		assert.True(t, conn.reserve(), "two again")

		// A call that gives up gives back what it was given in the same moment.
		p.leave(&waiter{conn: conn})
		conn.opened()
		conn.release()
		assert.Equal(t, conn.calls.count(), 0)
		assert.Equal(t, conn.opening.Load(), 0)
	})
}

func TestWaitersOfGrowthThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n *network
		n = &network{capacity: 2, connect: func(context.Context, string) error {
			if n.dialed() > 1 {
				pass(time.Second)
				return unavailable("no more than one")
			}
			return nil
		}}
		c := dial(t, n, "a:1")
		assert.NoError(t, c.Connect(t.Context()))
		p := onlyPool(t, c)
		first, err := p.acquire(t.Context())
		assert.NoError(t, err)
		for range 2 {
			next, err := p.acquire(t.Context())
			assert.NoError(t, err)
			assert.True(t, first == next, "it waits in the queue of the one that there is")
		}
		for range 3 {
			first.opened()
			first.release()
		}
	})
}

func TestGrowthFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		var n *network
		n = &network{serve: h.serve, capacity: 2, connect: func(context.Context, string) error {
			if n.dialed() > 1 {
				return unavailable("no more than one")
			}
			return nil
		}}
		c := dial(t, n, "a:1")
		wait := start(t, c, 5)
		assert.Equal(t, h.running.Load(), 2)
		assert.Equal(t, n.dialed(), 2)
		close(h.letGo)
		assert.Equal(t, len(wait()), 0, "the calls beyond wait for the connection that there is")
	})
}

// Room that becomes free while another connection is being made is used.
func TestRoomWhileDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		var n *network
		n = &network{serve: h.serve, capacity: 2, connect: func(ctx context.Context, _ string) error {
			if n.dialed() > 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		c := dial(t, n, "a:1")
		wait := start(t, c, 6)
		assert.Equal(t, h.running.Load(), 2)
		begun := time.Now()
		close(h.letGo)
		assert.Equal(t, len(wait()), 0)
		assert.Equal(t, time.Since(begun), 0)
	})
}

func TestDrainingSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve}
		c := dial(t, n, "a:1")
		first := start(t, c, 3)
		pass(stableAfter)
		n.session(0).drain()
		synctest.Wait()
		second := start(t, c, 2)
		assert.Equal(t, n.dialed(), 2, "new calls get a new session")
		assert.True(t, !n.session(0).isClosed(), "the old one ends when its calls have ended")
		close(h.letGo)
		assert.Equal(t, len(first())+len(second()), 0)
		synctest.Wait()
		assert.True(t, n.session(0).isClosed())
		assert.True(t, !n.session(1).isClosed())
	})
}

// A call that comes in the moment in which a connection begins to drain gets
// another one, though there may be but one.
func TestCallAsSessionDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 1}))
		for i := range 100 {
			_, err := hello(t.Context(), c)
			assert.NoError(t, err)
			assert.Equal(t, n.dialed(), i+1)
			n.session(i).drain()
		}
	})
}

func TestNoServer(t *testing.T) {
	refused := func(context.Context, string) error {
		return curlew.Errorf(curlew.Unavailable, "dial a:1: %w", syscall.ECONNREFUSED).WithOrigin(curlew.OriginTransport)
	}
	for _, test := range []struct {
		name     string
		deadline time.Duration
		connect  func(context.Context, string) error
		code     curlew.Code
		is       error
		text     string
		after    time.Duration
	}{
		{"refused, deadline", 3 * time.Second, refused, curlew.DeadlineExceeded, context.DeadlineExceeded, "connection refused", 3 * time.Second},
		{"refused, cause", 3 * time.Second, refused, curlew.DeadlineExceeded, syscall.ECONNREFUSED, "no connection to a:1", 3 * time.Second},
		{"refused, no deadline", 0, refused, curlew.Unavailable, syscall.ECONNREFUSED, "connection refused", connectPatience},
		{"silent", 0, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, curlew.Unavailable, errImpatient, "", connectPatience},
		{"silent, short deadline", time.Second, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, curlew.DeadlineExceeded, context.DeadlineExceeded, "a:1 has not completed the handshake yet", time.Second},
		{"wrong certificate", time.Hour, func(context.Context, string) error {
			return curlew.Errorf(curlew.Unavailable, "TLS handshake a:1: %w", &tls.CertificateVerificationError{Err: errors.New("unknown authority")})
		}, curlew.Unavailable, curlew.Unavailable, "unknown authority", 0},
		{"other protocol", time.Hour, func(context.Context, string) error {
			return curlew.NewError(curlew.FailedPrecondition, "a:1 speaks HTTP")
		}, curlew.FailedPrecondition, curlew.FailedPrecondition, "a:1 speaks HTTP", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{connect: test.connect}
				c := dial(t, n, "a:1")
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				begun := time.Now()
				_, err := hello(ctx, c)
				assert.Equal(t, time.Since(begun), test.after)
				e := assert.ErrorAs[*curlew.Error](t, err)
				assert.Equal(t, e.Code(), test.code)
				assert.Equal(t, e.Progress(), curlew.NotSent)
				assert.ErrorIs(t, err, test.is)
				assert.Contains(t, err.Error(), test.text)
				if test.after < time.Second {
					assert.ErrorIs(t, c.Connect(ctx), test.code)
				}
			})
		})
	}
}

// A server that comes back is called again, after dials further and further
// apart.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		up := begun.Add(time.Minute)
		n := &network{connect: func(context.Context, string) error {
			if time.Now().Before(up) {
				return unavailable("down")
			}
			return nil
		}}
		c := dial(t, n, "a:1", WithBackoff(resilience.Backoff{Base: 100 * time.Millisecond, Max: 5 * time.Second}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := hello(ctx, c)
		assert.NoError(t, err)
		assert.True(t, time.Since(begun) < time.Minute+5*time.Second, "the server is found within Max")
		assert.True(t, n.dialed() >= 10 && n.dialed() < 100, n.dialed(), "dials")
		assert.True(t, n.times[2].Sub(n.times[0]) <= 40*time.Millisecond, "the first retries are quick")

		dials := n.dialed()
		pass(time.Minute)
		n.session(0).Close(nil)
		synctest.Wait()
		before := time.Now()
		_, err = hello(ctx, c)
		assert.NoError(t, err)
		assert.Equal(t, time.Since(before), 0, "a connection that lived is replaced at once")
		assert.Equal(t, n.dialed(), dials+1)

		up = time.Now().Add(100 * time.Millisecond)
		n.session(1).Close(nil)
		synctest.Wait()
		dials, before = n.dialed(), time.Now()
		_, err = hello(ctx, c)
		assert.NoError(t, err)
		assert.True(t, n.dialed()-dials >= 3, n.dialed()-dials, "dials: the retries are quick again")
		assert.True(t, time.Since(before) < time.Second)
	})
}

// A server that takes connections and drops them is not called in a hot loop.
func TestFlappingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{refuse: func(s *session, _ *curlew.Call) error {
			s.drain()
			return unavailable("dropped").WithProgress(curlew.NotSent)
		}}
		c := dial(t, n, "a:1")
		begun := time.Now()
		for time.Since(begun) < time.Minute {
			_, err := hello(t.Context(), c)
			assert.ErrorIs(t, err, curlew.Unavailable)
		}
		assert.True(t, n.dialed() < 100, n.dialed(), "dials in a minute")
	})
}

func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down sync.Map
		n := &network{connect: func(_ context.Context, address string) error {
			if _, ok := down.Load(address); ok {
				return unavailable(address + " is down")
			}
			return nil
		}, serve: func(_ context.Context, s *session, _ *curlew.Call) (any, error) {
			reply := s.remote.Address
			return &reply, nil
		}}
		down.Store("a:1", true)
		c := dial(t, n, "a:1,b:2,c:3", inOrder) // the default picker takes whichever
		expect := func(want string) {
			t.Helper()
			reply, err := hello(t.Context(), c)
			assert.NoError(t, err)
			assert.Equal(t, reply, want)
		}
		expect("b:2")
		down.Delete("a:1")
		pass(time.Minute)
		expect("b:2") // it stays with the one that works
		down.Store("b:2", true)
		n.session(0).Close(nil)
		synctest.Wait()
		expect("a:1")
	})
}

func TestTransparentRetry(t *testing.T) {
	down := unavailable("down")
	for _, test := range []struct {
		name     string
		err      *curlew.Error
		times    int // that it fails
		attempts int
		fails    bool
	}{
		{"not sent once", down.WithProgress(curlew.NotSent), 1, 2, false},
		{"refused twice", down.WithProgress(curlew.Refused), 2, 3, false},
		{"not sent for ever", down.WithProgress(curlew.NotSent), 100, 3, true},
		{"perhaps sent", down, 1, 1, true},
		{"answered", down.WithProgress(curlew.Answered), 1, 1, true},
		{"not encodable", curlew.NewError(curlew.InvalidArgument, "").WithProgress(curlew.NotSent), 1, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var opens int
				var addresses []string
				n := &network{refuse: func(s *session, call *curlew.Call) error {
					opens++
					addresses = append(addresses, s.remote.Address)
					assert.Equal(t, call.Attempt(), opens)
					assert.Equal(t, call.Header().Len(), 2)
					if opens <= test.times {
						return test.err
					}
					return nil
				}}
				// The default picker takes whichever server first, and the default
				// policy tries again after a wait.
				c := dial(t, n, "a:1,b:2", inOrder, withoutRetries(t), WithAttemptInterceptors(func(next curlew.Handler) curlew.Handler {
					return func(ctx context.Context, call *curlew.Call) error {
						call.Header().Add("attempt", "x")
						return next(ctx, call)
					}
				}))
				_, err := hello(t.Context(), c, curlew.WithHeader("a", "b"))
				assert.Equal(t, err != nil, test.fails)
				assert.Equal(t, opens, test.attempts)
				if opens > 1 {
					assert.Equal(t, addresses[:2], []string{"a:1", "b:2"}, "another server is tried")
				}
			})
		})
	}
}

// When the caller has gone, the error is what the attempt said.
func TestNoRetryForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		opens := 0
		c := dial(t, &network{refuse: func(*session, *curlew.Call) error {
			opens++
			cancel()
			return unavailable("the attempt's error").WithProgress(curlew.NotSent)
		}}, "a:1")
		_, err := hello(ctx, c)
		assert.ErrorIs(t, err, curlew.Unavailable)
		assert.Contains(t, err.Error(), "the attempt's error")
		assert.Equal(t, opens, 1)
	})
}

func TestResolverUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{serve: h.serve}
		r := newScript()
		c := dial(t, n, "script:///greeter", WithResolver(r), inOrder) // the default picker takes whichever
		wait := start(t, c, 2)
		assert.Equal(t, n.dialed(), 0)
		r.addresses("a:1", "b:2", "a:1")
		synctest.Wait()
		assert.Equal(t, n.session(0).remote.Address, "a:1")
		assert.Equal(t, n.session(0).remote.Authority, "greeter")

		r.updates <- told{err: errors.New("registry lost")}
		r.addresses() // it was watched again; and an empty set changes nothing
		synctest.Wait()
		assert.Equal(t, h.running.Load(), 2)

		r.addresses("b:2", "c:3")
		synctest.Wait()
		assert.True(t, !n.session(0).isClosed(), "calls at a server that is gone may end")
		more := start(t, c, 1)
		assert.Equal(t, n.session(1).remote.Address, "b:2")
		close(h.letGo)
		assert.Equal(t, len(wait())+len(more()), 0)
		synctest.Wait()
		assert.True(t, n.session(0).isClosed())
	})
}

// A resolver that recovers is asked again soon when it fails the next time.
func TestResolverBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newScript()
		dial(t, new(network), "script:///greeter", WithResolver(r))
		fail := func() time.Duration {
			r.updates <- told{err: errors.New("lost")}
			begun := time.Now()
			r.addresses("a:1")
			return time.Since(begun)
		}
		for range 20 {
			r.updates <- told{err: errors.New("lost")}
		}
		fail()
		assert.True(t, fail() <= 20*time.Millisecond, "the wait is short again")
	})
}

func TestResolverTellsPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		r := newScript()
		c := dial(t, &network{serve: h.serve}, "script:///greeter", WithResolver(r))
		told1, err := policy.New(policy.Rules{Default: policy.Method{Timeout: time.Second}})
		assert.NoError(t, err)
		r.updates <- told{update: discovery.Update{Endpoints: []discovery.Endpoint{{Address: "a:1"}}, Policy: told1}}
		r.addresses("a:1") // says nothing of policy
		synctest.Wait()
		begun := time.Now()
		_, err = hello(t.Context(), c)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(begun), time.Second)
	})
}

func TestResolverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		r := newScript()
		c := dial(t, n, "script:///greeter", WithResolver(r))
		expect := func(text string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := hello(ctx, c)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Contains(t, err.Error(), text)
			assert.Contains(t, err.Error(), "script:///greeter")
		}
		expect("the script resolver of target script:///greeter has not answered yet")
		r.updates <- told{err: errors.New("registry at 10.0.0.1 says no")}
		expect("registry at 10.0.0.1 says no")
		r.addresses()
		expect("the script resolver of target script:///greeter knows no server of it")
		r.updates <- told{update: discovery.Update{Endpoints: []discovery.Endpoint{{Address: "a:1", Weight: -1}}}}
		expect("knows no server of it that can be called: endpoint a:1: weight -1 is negative")
		asked := r.refreshed.Load()
		n.connect = func(context.Context, string) error { return unavailable("a:1 says no") }
		r.addresses("a:1")
		expect("a:1 says no")
		assert.True(t, r.refreshed.Load() > asked, "a resolver that asks now and then is to ask soon")
		n.connect = nil
		_, err := hello(t.Context(), c)
		assert.NoError(t, err)

		n.connect = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}
		r.addresses("b:2")
		synctest.Wait()
		expect("b:2 has not completed the handshake yet") // and no older error
	})
}

func TestCloseEndsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld()
		n := &network{capacity: 1, serve: func(ctx context.Context, s *session, call *curlew.Call) (any, error) {
			select {
			case <-s.closed:
				return nil, s.cause
			case <-h.letGo:
				return new(string), nil
			}
		}}
		c := dial(t, n, "a:1", WithPool(Pool{MaxConnections: 1}))
		running := start(t, c, 1)
		silent := dial(t, &network{connect: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}}, "a:1")
		connecting := start(t, silent, 3)
		down := dial(t, &network{connect: func(context.Context, string) error { return unavailable("down") }}, "a:1")
		waiting := start(t, down, 3)
		for _, c := range []*Client{c, silent, down} {
			assert.NoError(t, c.Close())
		}
		assert.True(t, n.session(0).isClosed(), "when Close has returned")
		assert.True(t, onlyPool(t, down).retry == nil, "no timer is left")
		for _, err := range slices.Concat(running(), connecting(), waiting()) {
			assert.Equal(t, err.Error(), errClosed.Error())
		}
		assert.NoError(t, c.Close(), "a second Close")
	})
}

func TestGate(t *testing.T) {
	var g gate
	g.init()
	assert.True(t, g.enter(), "the first")
	assert.True(t, g.enter(), "the second")
	empty := g.shut()
	assert.True(t, !g.enter())
	g.leave()
	assert.True(t, !g.enter())
	select {
	case <-empty:
		t.Fatal("somebody is still inside")
	default:
	}
	g.leave()
	<-empty

	var deserted gate
	deserted.init()
	<-deserted.shut()
}

var _ wire.Protocol = (*network)(nil)
