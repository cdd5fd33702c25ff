// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

func TestFallback(t *testing.T) {
	var order []string
	d := serving(t, dispatch.Config{
		Interceptors: []curlew.Interceptor{func(next curlew.Handler) curlew.Handler {
			return func(ctx context.Context, call *curlew.Call) error {
				order = append(order, "interceptor")
				return next(ctx, call)
			}
		}},
		Methods: map[string]dispatch.MethodConfig{"Birds/*": {MaxReceive: 7}},
		Fallback: func(_ context.Context, call *curlew.Call) error {
			order = append(order, call.Method().FullName(), call.Method().Kind().String())
			return call.SetReply(new([]byte))
		},
	}, arith())
	asked := wire.Attributes{Fallback: true}
	for _, name := range []string{"Birds/Sing", "Arith/Sub"} {
		service, method := curlew.SplitName(name)
		_, err := d.Lookup(service, method, wire.Attributes{})
		assert.ErrorIs(t, err, curlew.Unimplemented, "a protocol that decodes messages")
		target, err := d.Lookup(service, method, asked)
		assert.NoError(t, err)
		assert.True(t, target.Raw, "the messages are passed as they are")
		again, err := d.Lookup(service, method, asked)
		assert.NoError(t, err)
		assert.True(t, target == again, "a method is remembered")
	}
	known, err := d.Lookup("Arith", "Add", asked)
	assert.NoError(t, err)
	assert.True(t, !known.Raw, "a registered method is served")
	_, err = d.Lookup("", "Sing", asked)
	assert.ErrorIs(t, err, curlew.Unimplemented, "without a service")

	for _, kind := range []curlew.Kind{curlew.KindUnary, curlew.KindClientStream} {
		target, err := d.Lookup("Birds", "Sing", wire.Attributes{Fallback: true, Kind: kind})
		assert.NoError(t, err)
		assert.Equal(t, target.MaxReceive, 7)
		in := newIncoming(t, d, "Arith", "Add", nil)
		in.Target = target
		d.Serve(&in.Incoming)
		assert.True(t, in.stream.err == nil, in.stream.err)
	}
	assert.Equal(t, order, []string{"interceptor", "Birds/Sing", "unary", "interceptor", "Birds/Sing", "client_stream"})
}

// TestFallbackIsBounded: names that clients make up cost no memory for ever, but
// calls in flight stay known.
func TestFallbackIsBounded(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	d := serving(t, dispatch.Config{Fallback: func(_ context.Context, call *curlew.Call) error {
		close(began)
		<-release
		return call.SetReply(new([]byte))
	}})
	find := func(name string) *wire.Target {
		target, err := d.Lookup("Birds", name, wire.Attributes{Fallback: true})
		assert.NoError(t, err)
		return target
	}
	idle, busy := find("Idle"), find("Busy")
	s := &stream{finished: make(chan struct{})}
	d.Go(&wire.Incoming{Context: t.Context(), Target: busy, Stream: s, Peer: new(curlew.Peer)})
	<-began
	for i := range 5000 {
		find(strconv.Itoa(i))
	}
	assert.Equal(t, d.Active(), map[string]int{"Birds/Busy": 1})
	assert.True(t, find("Busy") == busy, "what is called is remembered")
	assert.True(t, find("Idle") != idle, "what nobody calls is forgotten")
	close(release)
	<-s.finished
	assert.True(t, s.err == nil, s.err)
}
