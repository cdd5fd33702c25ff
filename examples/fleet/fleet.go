// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/server"
)

// Stock says how many pieces of an article there are.
type Stock struct{ Pieces map[string]int }

// Count returns the number of pieces of an article.
func (s Stock) Count(_ context.Context, article string) (int, error) {
	n, ok := s.Pieces[article]
	if !ok {
		return 0, curlew.Errorf(curlew.NotFound, "no article %q", article)
	}
	return n, nil
}

// Serve serves one instance of a service at addr until ctx ends or the process
// is asked to end.
func Serve(ctx context.Context, registry discovery.Registrar, addr string, service *curlew.Service) error {
	// [serve]
	s, err := server.New(
		server.WithRegistrar(registry, "stock", discovery.Endpoint{Zone: "eu-1a", Weight: 2}),
		server.WithInterceptors(resilience.Shed{}.New().Interceptor()), // refuses what it could not answer in time
	)
	if err != nil {
		return err
	}
	if err := s.Register(service); err != nil {
		return err
	}
	ctx, stop := server.NotifyShutdown(ctx) // SIGTERM, and Ctrl-C
	defer stop()
	return s.ListenAndServe(ctx, addr)
	// [/serve]
}

// Dial returns a client of all instances that a registry knows of.
func Dial(target string, registry discovery.Resolver) (*client.Client, error) {
	// [policy]
	p, err := policy.New(policy.Rules{
		Default: policy.Method{
			Timeout:         2 * time.Second,
			InstanceBreaker: &resilience.Breaker{Consecutive: 5}, // of each server
		},
		// Reads are methods that are marked idempotent.
		Reads: policy.Method{Timeout: 500 * time.Millisecond, Hedge: &resilience.Hedge{}},
		Methods: map[string]policy.Method{
			"Stock/Count": {
				Retry: &resilience.Retry{MaxAttempts: 4, TryTimeout: 200 * time.Millisecond},
				Rate:  &resilience.Rate{PerSecond: 5000},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	// [/policy]
	// [client]
	c, err := client.New(target, // "etcd:///stock"
		client.WithResolver(registry),
		client.WithPolicy(p))
	// [/client]
	return c, err
}
