// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
)

type number struct{ N int }

// counter is a service that takes a while for each call and counts them.
func counter(served *atomic.Int64) *curlew.Service {
	return curlew.NewService("Counter", curlew.Unary("Add", func(_ context.Context, in *number) (*number, error) {
		served.Add(1)
		<-time.After(time.Duration(1+in.N%7) * time.Millisecond)
		return &number{in.N + 1}, nil
	}))
}

// serve serves the counter at an address until stop is called, which lets calls
// end and returns what Shutdown says.
func serve(t *testing.T, network *mem.Network, address string, served *atomic.Int64) (stop func() error) {
	t.Helper()
	s, err := server.New(server.WithLogger(slog.New(slog.DiscardHandler)))
	assert.NoError(t, err)
	assert.NoError(t, s.Register(counter(served)))
	l, err := network.Listen(address)
	assert.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.ServeListener(context.Background(), l) }()
	synctest.Wait() // a Shutdown before it serves would be its error
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return errors.Join(s.Shutdown(ctx), <-ended)
	}
}

// Servers that restart one after the other fail no call, and none runs twice.
func TestRollingRestart(t *testing.T) {
	for _, test := range []struct {
		target string
		gap    time.Duration // between one server and the next at an address
	}{
		{"a:1,b:1", 50 * time.Millisecond},
		{"a:1", 50 * time.Millisecond},
		{"a:1,b:1,c:1,d:1,e:1", time.Millisecond},
	} {
		t.Run(test.target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := mem.New()
				var served, answered atomic.Int64
				stops := make(map[string]func() error)
				addresses := strings.Split(test.target, ",")
				for _, address := range addresses {
					stops[address] = serve(t, network, address, &served)
				}
				c, err := client.New(test.target, client.WithDialer(network.DialContext), client.WithDefaultTimeout(5*time.Second))
				assert.NoError(t, err)

				over := make(chan struct{})
				var callers sync.WaitGroup
				for range 10 {
					callers.Go(func() {
						for i := 0; ; i++ {
							select {
							case <-over:
								return
							default:
							}
							var out number
							if err := c.Call(context.Background(), "Counter.Add", number{i}, &out); err != nil || out.N != i+1 {
								t.Errorf("call %d: %d, %v", i, out.N, err)
								return
							}
							answered.Add(1)
						}
					})
				}
				for range 5 {
					for _, address := range addresses {
						<-time.After(200 * time.Millisecond)
						assert.NoError(t, stops[address]())
						<-time.After(test.gap)
						stops[address] = serve(t, network, address, &served)
					}
				}
				close(over)
				callers.Wait()
				assert.True(t, answered.Load() > 500, answered.Load(), "calls were made")
				assert.Equal(t, served.Load(), answered.Load(), "calls served and answered")
				assert.NoError(t, c.Close())
				for _, stop := range stops {
					assert.NoError(t, stop())
				}
			})
		})
	}
}
