// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
)

func TestMain(m *testing.M) { assert.Main(m) }

func TestCheck(t *testing.T) {
	h := health.New()
	c := health.NewClient(curlewtest.Serve(t, h.Service()))
	check := func(service string, want health.Status) {
		t.Helper()
		got, err := c.Check(t.Context(), service)
		assert.NoError(t, err)
		assert.Equal(t, got, want, service)
	}
	check("", health.Serving)
	_, err := c.Check(t.Context(), "shop.Cart")
	assert.ErrorIs(t, err, curlew.NotFound)
	assert.Contains(t, err.Error(), `"shop.Cart"`)
	h.Set("shop.Cart", health.NotServing)
	check("shop.Cart", health.NotServing)
	h.Set("shop.Cart", health.Serving)
	check("shop.Cart", health.Serving)
	h.Set("", health.NotServing)
	check("", health.NotServing)
	check("shop.Cart", health.Serving)
	h.Set("shop.Cart", health.Unknown) // known, not known how it is
	check("shop.Cart", health.Unknown)
}

type (
	response struct{ Status health.Status }
	list     struct{ Statuses map[string]response }
)

func TestList(t *testing.T) {
	h := health.New()
	c := curlewtest.Serve(t, h.Service())
	h.Set("shop.Cart", health.NotServing)
	var got list
	assert.NoError(t, c.Call(t.Context(), "grpc.health.v1.Health/List", &struct{}{}, &got))
	assert.Equal(t, got.Statuses, map[string]response{"": {health.Serving}, "shop.Cart": {health.NotServing}})
	for i := range 98 { // 100 with those two
		h.Set(fmt.Sprint(i), health.Serving)
	}
	assert.NoError(t, c.Call(t.Context(), "grpc.health.v1.Health/List", &struct{}{}, &got))
	assert.Equal(t, len(got.Statuses), 100)
	h.Set("one more", health.Serving)
	err := c.Call(t.Context(), "grpc.health.v1.Health/List", &struct{}{}, &got)
	assert.ErrorIs(t, err, curlew.ResourceExhausted)
}

// watched pulls from a Watch.
type watched struct {
	t    *testing.T
	next func() (health.Status, error, bool)
}

func watch(t *testing.T, ctx context.Context, c *health.Client, service string) *watched {
	next, stop := iter.Pull2(c.Watch(ctx, service))
	t.Cleanup(stop)
	return &watched{t, next}
}

func (w *watched) want(s health.Status) {
	w.t.Helper()
	got, err, ok := w.next()
	assert.NoError(w.t, err)
	assert.True(w.t, ok)
	assert.Equal(w.t, got, s)
}

// end returns the error that ends the watch.
func (w *watched) end() error {
	w.t.Helper()
	s, err, ok := w.next()
	if !ok || err == nil {
		w.t.Fatalf("got %v, want an error", s)
	}
	if _, _, ok = w.next(); ok {
		w.t.Fatal("there is something after the error")
	}
	return err
}

func TestWatch(t *testing.T) {
	h := health.New()
	c := health.NewClient(curlewtest.Serve(t, h.Service()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	all, cart := watch(t, ctx, c, ""), watch(t, ctx, c, "shop.Cart")
	all.want(health.Serving)
	cart.want(health.ServiceUnknown)
	h.Set("shop.Cart", health.Serving)
	cart.want(health.Serving)
	h.Set("", health.NotServing)
	all.want(health.NotServing)
	h.Set("shop.Cart", health.Serving) // as before: nothing to tell
	h.Set("shop.Cart", health.NotServing)
	cart.want(health.NotServing)
	cancel()
	assert.ErrorIs(t, cart.end(), curlew.Canceled)
	assert.ErrorIs(t, all.end(), context.Canceled)
}

// A stream records what a handler sends. Each Send waits for a turn.
type stream struct {
	curlew.Stream
	request any
	turn    chan struct{}
	sent    chan health.Status
}

// begin runs the Watch of h's service in a server's call that it makes up.
func begin(ctx context.Context, h *health.Health, service string, draining chan struct{}) (*stream, <-chan error) {
	s := &stream{turn: make(chan struct{}), sent: make(chan health.Status, 100)}
	for _, m := range h.Service().Methods() {
		if m.Name() != "Watch" {
			continue
		}
		s.request = &struct{ Service string }{service}
		call := new(curlew.Call)
		ctx := curlew.WithCall(ctx, call)
		call.BeginServer(ctx, m, new(curlew.Header), nil, s)
		call.SetDraining(draining)
		ended := make(chan error, 1)
		go func() { ended <- m.Handler()(ctx, call) }()
		return s, ended
	}
	panic("there is no Watch")
}

func (s *stream) Receive(_ context.Context, m any) error { return transcode(s.request, m) }

func (s *stream) Send(ctx context.Context, m any) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	var r response
	if err := transcode(m, &r); err != nil {
		return err
	}
	s.sent <- r.Status
	return nil
}

// TestSlowWatch sees that a client that is slow gets the latest status, and
// that a change back, which it did not see, is none.
func TestSlowWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		ctx, cancel := context.WithCancel(t.Context())
		s, ended := begin(ctx, h, "a", nil)
		synctest.Wait() // it waits for the first turn
		for range 1000 {
			h.Set("a", health.NotServing)
			h.Set("a", health.Serving)
		}
		s.turn <- struct{}{}
		assert.Equal(t, <-s.sent, health.ServiceUnknown)
		s.turn <- struct{}{}
		assert.Equal(t, <-s.sent, health.Serving)
		synctest.Wait()
		h.Set("a", health.NotServing)
		h.Set("a", health.Serving)
		h.Set("b", health.Serving)
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
		assert.True(t, len(s.sent) <= 1, "statuses that nobody waited for")
	})
}

func TestDrainingCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		draining := make(chan struct{})
		s, ended := begin(t.Context(), h, "", draining)
		s.turn <- struct{}{}
		assert.Equal(t, <-s.sent, health.Serving)
		close(draining)
		s.turn <- struct{}{}
		assert.Equal(t, <-s.sent, health.NotServing)
		assert.ErrorIs(t, <-ended, curlew.Unavailable)

		for _, m := range h.Service().Methods()[:2] { // Check and List
			call := new(curlew.Call)
			ctx := curlew.WithCall(t.Context(), call)
			call.BeginServer(ctx, m, new(curlew.Header), nil, &stream{request: &struct{ Service string }{}})
			call.SetDraining(draining)
			assert.NoError(t, m.Handler()(ctx, call))
			reply, err := call.Reply()
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprint(reply), map[string]string{"Check": "&{NOT_SERVING}", "List": "&{map[:{NOT_SERVING}]}"}[m.Name()])
		}
	})
}

// TestShutdown sees that a watch does not hold up a server that shuts down.
func TestShutdown(t *testing.T) {
	s, err := server.New()
	assert.NoError(t, err)
	assert.NoError(t, s.Register(health.New().Service()))
	c := health.NewClient(curlewtest.Start(t, s).Client())
	w := watch(t, t.Context(), c, "")
	w.want(health.Serving)
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(t.Context()) }()
	w.want(health.NotServing)
	assert.ErrorIs(t, w.end(), curlew.Unavailable)
	assert.NoError(t, <-ended)
}

func TestWatchWithoutHealth(t *testing.T) {
	other := curlew.Unary("Other", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	c := health.NewClient(curlewtest.Serve(t, curlew.NewService(health.ServiceName, other)))
	assert.ErrorIs(t, watch(t, t.Context(), c, "").end(), curlew.Unimplemented)
	_, err := c.Check(t.Context(), "")
	assert.ErrorIs(t, err, curlew.Unimplemented)
	assert.True(t, !errors.Is(err, io.EOF))
}

func TestStatusNames(t *testing.T) {
	assert.Equal(t, health.NotServing.String(), "NOT_SERVING")
	assert.Equal(t, health.Status(42).String(), "STATUS_42")
	assert.Equal(t, health.Status(-1).String(), "STATUS_-1")
}
