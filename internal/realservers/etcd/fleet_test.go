// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/etcd"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/curlewrpc/curlew/server"
	clientv3 "go.etcd.io/etcd/client/v3"
)

type number struct{ N int }

// replica serves a counter on a free port, announced in etcd, until stop is
// called.
func replica(t *testing.T, endpoints []string) (stop func()) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	registry := etcd.New(clientv3.Config{Endpoints: endpoints}, etcd.WithTTL(3*time.Second), etcd.WithLogger(quiet))
	s, err := server.New(server.WithLogger(quiet), server.WithRegistrar(registry, "counter", discovery.Endpoint{}))
	if err != nil {
		t.Fatal(err)
	}
	service := curlew.NewService("Counter", curlew.Unary("Add", func(_ context.Context, in *number) (*number, error) {
		return &number{in.N + 1}, nil
	}))
	if err := s.Register(service); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ListenAndServe(ctx, "127.0.0.1:0") }() // stop waits for it
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("a server ended: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// All servers are replaced one after the other, etcd crashes, is away, comes
// back and loses its data: no call fails.
func TestFleet(t *testing.T) {
	const replicas = 3
	registry := realservers.Etcd(t)
	endpoints := []string{registry.Addr()}
	stops := make([]func(), replicas)
	for i := range stops {
		stops[i] = replica(t, endpoints)
	}
	resolver := etcd.New(clientv3.Config{Endpoints: endpoints}, etcd.WithTTL(3*time.Second), silent)
	c, err := client.New("etcd:///counter", client.WithResolver(resolver), client.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	watched := follow(t, resolver, "etcd:///counter")
	all := func(got told) bool { return got.err == nil && len(got.endpoints) == replicas }
	await(t, watched, "all servers", all)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var calls atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				within, cancel := context.WithTimeout(context.Background(), patience)
				var reply number
				err := c.Call(within, "Counter.Add", &number{1}, &reply)
				cancel()
				if err == nil && reply.N != 2 {
					err = errors.New("a wrong reply")
				}
				if err != nil {
					t.Errorf("call %d: %v", calls.Load(), err)
					return
				}
				calls.Add(1)
			}
		})
	}
	replace := func() {
		t.Helper()
		for i := range stops {
			next := replica(t, endpoints)
			await(t, watched, "the new server", func(got told) bool { return got.err == nil && len(got.endpoints) == replicas+1 })
			stops[i]()
			stops[i] = next
			await(t, watched, "the end of the old one", all)
		}
	}
	more := func() {
		t.Helper()
		target, over := calls.Load()+1000, time.After(patience)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for calls.Load() < target {
			select {
			case <-tick.C:
			case <-over:
				t.Fatalf("only %d calls succeeded", calls.Load())
			}
		}
	}
	replace()
	registry.Kill(t)
	more()
	registry.Start(t)
	more()
	replace()
	registry.Wipe(t)
	more()
	replace()
	cancel()
	callers.Wait()
	t.Logf("%d calls succeeded", calls.Load())
}
