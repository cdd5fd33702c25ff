// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
)

// named serves a service that answers with the server's name.
func named(t *testing.T, network *mem.Network, address string, opts ...server.Option) (stop func()) {
	t.Helper()
	s, err := server.New(append(opts, server.WithLogger(slog.New(slog.DiscardHandler)))...)
	assert.NoError(t, err)
	assert.NoError(t, s.Register(curlew.NewService("Who", curlew.Unary("Is", func(context.Context, *number) (*string, error) {
		return &address, nil
	}))))
	l, err := network.Listen(address)
	assert.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.ServeListener(context.Background(), l) }()
	synctest.Wait()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, errors.Join(s.Shutdown(ctx), <-ended))
	}
}

// who returns the servers that take a client's calls.
func who(t *testing.T, c *client.Client) string {
	t.Helper()
	seen := make(map[string]bool)
	for range 100 {
		var name string
		assert.NoError(t, c.Call(t.Context(), "Who.Is", number{}, &name))
		seen[name] = true
	}
	var names []string
	for _, name := range []string{"a:1", "b:1"} {
		if seen[name] {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestHealthChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := mem.New()
		a, b := health.New(), health.New()
		for address, h := range map[string]*health.Health{"a:1": a, "b:1": b} {
			h.Set("Who", health.Serving)
			defer named(t, network, address, server.WithHealth(h))()
		}
		c, err := client.New("a:1,b:1", client.WithDialer(network.DialContext), client.WithPool(client.Pool{MinIdle: 1}),
			client.WithHealthChecks(client.HealthCheck{Interval: time.Second, Service: "Who"}))
		assert.NoError(t, err)
		defer c.Close()
		<-time.After(time.Second / 2)
		assert.Equal(t, who(t, c), "a:1 b:1")
		for _, step := range []struct {
			a, b health.Status
			want string
		}{
			{health.NotServing, health.Serving, "b:1"},
			{health.NotServing, health.NotServing, "a:1 b:1"}, // better than none
			{health.Serving, health.NotServing, "a:1"},
			{health.Serving, health.Serving, "a:1 b:1"},
		} {
			a.Set("Who", step.a)
			b.Set("Who", step.b)
			<-time.After(1500 * time.Millisecond)
			assert.Equal(t, who(t, c), step.want)
			assert.Equal(t, c.Stats().Servers[0].Unhealthy, step.a == health.NotServing)
		}
	})
}

// A server that is not well from the beginning gets no call.
func TestHealthOfNewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := mem.New()
		a, b := health.New(), health.New()
		a.Set("", health.NotServing)
		for address, h := range map[string]*health.Health{"a:1": a, "b:1": b} {
			defer named(t, network, address, server.WithHealth(h))()
		}
		c, err := client.New("a:1,b:1", client.WithDialer(network.DialContext), client.WithPool(client.Pool{MinIdle: 1}),
			client.WithHealthChecks(client.HealthCheck{}))
		assert.NoError(t, err)
		defer c.Close()
		synctest.Wait()
		assert.Equal(t, who(t, c), "b:1")
	})
}
