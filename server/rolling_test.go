// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/discovery/discoverytest"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
	"github.com/curlewrpc/curlew/wire/native"
)

// replica is one server of a service that restarts.
type replica struct {
	network *mem.Network
	client  *discoverytest.Client
	address string
	calls   *atomic.Int64
	stop    func() error
}

// start serves, registered, until stop is called.
func (r *replica) start(t *testing.T) {
	t.Helper()
	s, err := server.New(server.WithLogger(slog.New(slog.DiscardHandler)),
		server.WithRegistrar(r.client, "shop", discovery.Endpoint{Address: r.address}))
	assert.NoError(t, err)
	assert.NoError(t, s.Register(arith(curlew.Unary("Slow", func(ctx context.Context, in *pair) (*sum, error) {
		r.calls.Add(1)
		<-time.After(time.Duration(1+in.A%7) * time.Millisecond)
		return add(ctx, in)
	}))))
	l, err := r.network.Listen(r.address)
	assert.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	r.stop = func() error { cancel(); return <-served }
}

// Five replicas that restart one after the other, found by a registry, fail no
// call, and no call runs twice.
func TestRollingRestart(t *testing.T) {
	for _, protocol := range []wire.Protocol{native.New(), grpc.NewClient(h2.Dial, proto.New())} {
		t.Run(protocol.Name(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rollingRestart(t, protocol) })
		})
	}
}

func rollingRestart(t *testing.T, protocol wire.Protocol) {
	network, registry := mem.New(), discoverytest.NewRegistry(10*time.Second)
	var served, answered, failed atomic.Int64
	var replicas []*replica
	for i := range 5 {
		r := &replica{network: network, client: registry.Connect(), address: fmt.Sprintf("10.0.0.%d:80", i), calls: &served}
		r.start(t)
		replicas = append(replicas, r)
	}
	c, err := client.New("mem:///shop", client.WithResolver(registry.Connect()), client.WithDialer(network.DialContext),
		client.WithProtocol(protocol), client.WithDefaultTimeout(5*time.Second))
	assert.NoError(t, err)
	over := make(chan struct{})
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if got, err := invoke(context.Background(), c, "Arith/Slow", i, 1); err != nil || got != i+1 {
					failed.Add(1)
					t.Errorf("call %d: %d, %v", i, got, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	for _, r := range replicas {
		<-time.After(200 * time.Millisecond)
		assert.NoError(t, r.stop())
		<-time.After(100 * time.Millisecond)
		r.start(t)
	}
	close(over)
	callers.Wait()
	assert.Equal(t, failed.Load(), 0)
	assert.Equal(t, served.Load(), answered.Load(), "calls served and answered")
	t.Logf("5 replicas restarted: %d calls, none failed", answered.Load())
	assert.NoError(t, c.Close())
	var errs []error
	for _, r := range replicas {
		errs = append(errs, r.stop())
	}
	assert.NoError(t, errors.Join(errs...))
}
