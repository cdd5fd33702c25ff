// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

func TestNewRefuses(t *testing.T) {
	r := discovery.Static("a:1")
	for _, test := range []struct {
		target string
		opts   []Option
		text   string
	}{
		{"", nil, "target is empty"},
		{"localhost", nil, "write host:port"},
		{"etcd:///shop", nil, `no resolver for the scheme "etcd"; add one by client.WithResolver`},
		{"etcd:///shop", []Option{WithResolver(r, newScript())}, `"etcd"; add one by client.WithResolver; there are those for static, script`},
		{"etcd://shop", nil, "write etcd:///shop"},
		{"etcd:///", nil, "the name is missing"},
		{"Etcd:///shop", nil, "is not a scheme"},
		{"a:1,b", nil, "write host:port"},
		{"a:99999", nil, "port 99999"},
		{"static:///shop", []Option{WithResolver(discovery.Static())}, "no address"},
		{"static:///shop", []Option{WithResolver(discovery.StaticEndpoints(discovery.Endpoint{Address: "a:1", Weight: -1}))}, "weight -1 is negative"},
		{"static:///shop", []Option{WithResolver(discovery.Static("a"))}, "write host:port"},
		{"a:1", []Option{nil}, "option is nil"},
		{"a:1", []Option{WithProtocol(nil)}, "WithProtocol"},
		{"a:1", []Option{WithDialer(nil)}, "WithDialer"},
		{"a:1", []Option{WithPicker(nil)}, "WithPicker"},
		{"a:1", []Option{WithPolicy(nil)}, "WithPolicy"},
		{"a:1", []Option{WithLogger(nil)}, "WithLogger"},
		{"a:1", []Option{WithResolver(nil)}, "WithResolver"},
		{"a:1", []Option{WithResolver(r, r)}, `two resolvers for scheme "static"`},
		{"a:1", []Option{WithInterceptors(nil)}, "WithInterceptors"},
		{"a:1", []Option{WithAttemptInterceptors(nil)}, "WithAttemptInterceptors"},
		{"a:1", []Option{WithDefaultTimeout(-1)}, "WithDefaultTimeout"},
		{"a:1", []Option{WithPool(Pool{MaxConnections: -1})}, "WithPool: MaxConnections -1"},
		{"a:1", []Option{WithPool(Pool{MaxConnections: 2, MinIdle: 3})}, "WithPool: MinIdle 3 is more than MaxConnections 2"},
		{"a:1", []Option{WithPool(Pool{MaxLifetime: -1})}, "WithPool: a time"},
		{"a:1", []Option{WithHealthChecks(HealthCheck{Interval: -1})}, "WithHealthChecks"},
		{"a:1", []Option{WithHealthChecks(HealthCheck{Interval: time.Second, Timeout: time.Minute})}, "longer than the Interval"},
		{"a:1", []Option{WithBackoff(resilience.Backoff{Base: -1})}, "WithBackoff"},
		{"a:1", []Option{WithLimits(wire.Limits{MaxSend: -1})}, "WithLimits"},
		{"a:1", []Option{WithLimits(wire.Limits{Liveness: -1})}, "WithLimits"},
		{"a:1", []Option{WithServices(curlew.NewService(""))}, "WithServices"},
		{"a:1", []Option{WithServices(nil)}, "WithServices"},
	} {
		_, err := New(test.target, test.opts...)
		if err == nil {
			t.Errorf("New(%q) with bad options %q: no error", test.target, test.text)
			continue
		}
		assert.Contains(t, err.Error(), test.text)
		assert.Contains(t, err.Error(), "client: ")
	}
}

func TestAuthority(t *testing.T) {
	for _, test := range []struct {
		target string
		opts   []Option
		want   string
	}{
		{"shop.example:80", nil, "shop.example:80"},
		{":80", nil, "localhost:80"},
		{"unix:///run/shop.sock", nil, "localhost"},
		{"static:///shop", []Option{WithResolver(discovery.Static("10.0.0.1:80"))}, "shop"},
		{"10.0.0.1:80", []Option{WithAuthority("shop.example")}, "shop.example"},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := new(network)
			c := dial(t, n, test.target, test.opts...)
			assert.NoError(t, c.Connect(t.Context()))
			assert.Equal(t, n.session(0).remote.Authority, test.want)
			assert.Equal(t, c.Target().String(), test.target)
		})
	}
}

// lifo is a picker that prefers the last node, and notes how calls went.
type lifo struct {
	mu      sync.Mutex
	nodes   []balance.Node
	stale   bool // it ignores all but the first update
	picks   int
	results []balance.Result
}

func (l *lifo) Update(nodes []balance.Node) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stale || l.nodes == nil {
		l.nodes = nodes
	}
}

func (l *lifo) Pick(context.Context, balance.Info) (balance.Pick, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.nodes) == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	l.picks++
	return balance.Pick{Node: l.nodes[len(l.nodes)-1], Feedback: l}, nil
}

func (l *lifo) Done(r balance.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.results = append(l.results, r)
}

func TestPickerHearsHowCallsWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails error
		n := &network{serve: func(context.Context, *session, *curlew.Call) (any, error) {
			pass(time.Second)
			return new(string), fails
		}}
		l := new(lifo)
		c := dial(t, n, "a:1,b:2", WithPicker(func() balance.Picker { return l }))
		_, err := hello(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, n.dials, []string{"b:2"})
		assert.Equal(t, l.results, []balance.Result{{Duration: time.Second, Now: time.Now()}})
		fails = curlew.Internal
		_, err = hello(t.Context(), c)
		assert.ErrorIs(t, err, curlew.Internal)
		assert.ErrorIs(t, l.results[1].Err, curlew.Internal)

		s, err := c.Open(t.Context(), chat)
		assert.NoError(t, err)
		assert.Equal(t, len(l.results), 2)
		pass(time.Minute)
		s.Close()
		assert.Equal(t, len(l.results), 3)
		assert.Equal(t, l.results[2].Duration, time.Minute)
	})
}

// It hears so, too, if an interceptor panics.
func TestPickerHearsOfPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := new(network), new(lifo)
		c := dial(t, n, "a:1", WithPicker(func() balance.Picker { return l }), WithAttemptInterceptors(func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				next(ctx, call)
				panic("a bug")
			}
		}))
		assert.Panics(t, func() { hello(t.Context(), c) })
		assert.Equal(t, len(l.results), l.picks, "each pick has a result")
		released(t, c, n)
	})
}

// A picker that insists on a server that fails does not make the client spin.
func TestStubbornPicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{connect: func(context.Context, string) error { return unavailable("down") }}
		l := new(lifo)
		c := dial(t, n, "a:1", WithPicker(func() balance.Picker { return l }))
		_, err := hello(t.Context(), c)
		assert.ErrorIs(t, err, curlew.Unavailable)
		assert.True(t, l.picks < 100, l.picks, "picks")
		assert.Equal(t, len(l.results), l.picks, "each pick has a result")
	})
}

// Neither does one that insists on a server that is gone.
func TestStalePicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newScript()
		l := &lifo{stale: true}
		c := dial(t, new(network), "script:///greeter", WithResolver(r), WithPicker(func() balance.Picker { return l }))
		r.addresses("a:1")
		r.addresses("b:2")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := hello(ctx, c)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "the picker finds no server ready")
		assert.Equal(t, len(l.results), l.picks)
	})
}

func TestInterceptorPositions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		note := func(name string) curlew.Interceptor {
			return func(next curlew.Handler) curlew.Handler {
				return func(ctx context.Context, call *curlew.Call) error {
					log = append(log, name+" at "+call.Peer().String())
					return next(ctx, call)
				}
			}
		}
		opens := 0
		n := &network{refuse: func(*session, *curlew.Call) error {
			if opens++; opens == 1 {
				return unavailable("once").WithProgress(curlew.NotSent)
			}
			return nil
		}}
		c := dial(t, n, "a:1,b:2", inOrder, // the default picker takes whichever
			WithInterceptors(note("outer")), WithInterceptors(note("inner")), WithAttemptInterceptors(note("attempt")))
		_, err := hello(t.Context(), c)
		assert.NoError(t, err)
		assert.Equal(t, log, []string{"outer at unknown peer", "inner at unknown peer", "attempt at a:1", "attempt at b:2"})
	})
}

// Retrying and hedging interceptors work on forks.
func TestForks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{serve: func(_ context.Context, _ *session, call *curlew.Call) (any, error) {
			reply := call.Header().Get("fork")
			return &reply, nil
		}}
		ends := make(map[string]int)
		c := dial(t, n, "a:1", WithInterceptors(func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				loser, winner := call.Fork(), call.Fork()
				loser.Header().Set("fork", "loser")
				winner.Header().Set("fork", "winner")
				loser.OnEnd(func(error) { ends["loser"]++ })
				winner.OnEnd(func(error) { ends["winner"]++ })
				assert.NoError(t, next(ctx, loser))
				err := next(ctx, winner)
				loser.Discard()
				winner.Commit()
				assert.Equal(t, ends["winner"], 0, "a committed fork goes on")
				return err
			}
		}))
		var header curlew.Header
		reply, err := hello(t.Context(), c, curlew.CaptureHeader(&header))
		assert.NoError(t, err)
		assert.Equal(t, reply, "winner")
		assert.Equal(t, header.Get("server"), "a:1")
		assert.Equal(t, ends, map[string]int{"loser": 1, "winner": 1})
		released(t, c, n)
	})
}
