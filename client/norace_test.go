// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package client

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
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
