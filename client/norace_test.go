// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package client

import (
	"context"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// instant is a protocol whose calls cost nothing, so that what the client costs
// can be seen.
type instant struct{ away chan struct{} }

func (instant) Name() string { return "instant" }

func (i instant) Connect(context.Context, *wire.Remote) (wire.Session, error) { return i, nil }

func (i instant) Open(context.Context, *curlew.Call) (wire.ClientStream, error) {
	return instantStream{}, nil
}

func (i instant) Capacity() int             { return 100 }
func (i instant) Draining() <-chan struct{} { return i.away }
func (i instant) Close(error) error         { return nil }

type instantStream struct{}

var none curlew.Header

func (instantStream) Send(context.Context, any) error                { return nil }
func (instantStream) Receive(context.Context, any) error             { return nil }
func (instantStream) CloseSend() error                               { return nil }
func (instantStream) Close() error                                   { return nil }
func (instantStream) Header(context.Context) (*curlew.Header, error) { return &none, nil }
func (instantStream) Trailer() *curlew.Header                        { return &none }
func (instantStream) Wait(context.Context) error                     { return nil }
func (instantStream) Peer() *curlew.Peer                             { return nil }

func TestAllocationsOfACall(t *testing.T) {
	c, err := New("a:1", WithProtocol(instant{make(chan struct{})}))
	assert.NoError(t, err)
	defer c.Close()
	assert.NoError(t, c.Connect(t.Context()))
	request, reply := new(string), new(string)
	ctx := context.Background()
	for _, test := range []struct {
		name string
		most float64
		call func() error
	}{
		{"Invoke", 2, func() error { return c.Invoke(ctx, unary, request, reply) }},
		{"Call", 2, func() error { return c.Call(ctx, "Greeter.Hello", request, reply) }},
	} {
		n := testing.AllocsPerRun(1000, func() {
			if err := test.call(); err != nil {
				t.Fatal(err)
			}
		})
		if n > test.most {
			t.Errorf("%s: %v allocations, want at most %v: the call, and its stream", test.name, n, test.most)
		}
	}
}

// bare is a client that only calls: no balancing, no retries.
func bare(t testing.TB) *Client {
	return instantly(t, "a:1", inOrder, withoutRetries(t))
}

// full is a client with all that there is: a resolver, the default picker with
// its outlier detection, breakers of the method and of each server, retries
// under a budget, limits, and timeouts.
func full(t testing.TB) *Client {
	return instantly(t, "static:///shop", WithResolver(discovery.Static("a:1", "b:2", "c:3")), withPolicy(t, policy.Rules{
		Default: policy.Method{
			Timeout:         time.Minute,
			Retry:           &resilience.Retry{},
			Breaker:         &resilience.Breaker{Consecutive: 5},
			InstanceBreaker: &resilience.Breaker{Consecutive: 5},
			Concurrency:     &resilience.Concurrency{},
			Rate:            &resilience.Rate{PerSecond: 1e7},
		},
	}))
}

func instantly(t testing.TB, target string, opts ...Option) *Client {
	t.Helper()
	c, err := New(target, append(opts, WithProtocol(instant{make(chan struct{})}))...)
	assert.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	for range 1000 {
		assert.NoError(t, c.Invoke(t.Context(), unary, new(string), new(string)))
	}
	return c
}

// TestAllocationsOfTheStack sees that protection costs a call no memory. As
// everywhere, callers set a deadline.
func TestAllocationsOfTheStack(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, reply := new(string), new(string)
	allocations := func(c *Client) float64 {
		return testing.AllocsPerRun(2000, func() {
			if err := c.Invoke(ctx, unary, request, reply); err != nil {
				t.Fatal(err)
			}
		})
	}
	if without, with := allocations(bare(t)), allocations(full(t)); with > without {
		t.Errorf("%v allocations with everything, %v without; want no more", with, without)
	}
}

// BenchmarkStack is what protection costs.
func BenchmarkStack(b *testing.B) {
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	request, reply := new(string), new(string)
	for _, stack := range []struct {
		name string
		made func(testing.TB) *Client
	}{{"bare", bare}, {"full", full}} {
		b.Run(stack.name, func(b *testing.B) {
			c := stack.made(b)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Invoke(ctx, unary, request, reply); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInvoke(b *testing.B) {
	c, err := New("a:1", WithProtocol(instant{make(chan struct{})}))
	assert.NoError(b, err)
	defer c.Close()
	request, reply := new(string), new(string)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := c.Invoke(context.Background(), unary, request, reply); err != nil {
				b.Fatal(err)
			}
		}
	})
}
