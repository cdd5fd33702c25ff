// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/contrib/redis"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/internal/realservers"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/server"
)

// Echo repeats.
type Echo struct{}

// Say returns text.
func (Echo) Say(_ context.Context, text *string) (*string, error) { return text, nil }

// TestReplicas has two servers share a limit of 10 calls for each of two callers.
func TestReplicas(t *testing.T) {
	redisServer := realservers.Redis(t)
	service, err := curlew.Reflect(Echo{})
	if err != nil {
		t.Fatal(err)
	}
	answered, refused := map[string]int{}, map[string]int{}
	var replicas []*curlewtest.Server
	for range 2 {
		b := newBuckets(t, newClient(t, redisServer.Addr()), redis.Limit{Name: "echo", PerSecond: 0.01, Burst: 10, Batch: 1})
		s, err := server.New(server.WithInterceptors(resilience.Throttle(b, func(call *curlew.Call) string {
			return call.Header().Get("caller")
		})))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Register(service); err != nil {
			t.Fatal(err)
		}
		replicas = append(replicas, curlewtest.Start(t, s))
	}
	// With a deadline, the client does not try again once there is a token.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, replica := range replicas {
		c := replica.Client()
		for _, caller := range []string{"ada", "bob"} {
			for range 20 {
				text := "hello"
				err := c.Call(ctx, "Echo.Say", &text, &text, curlew.WithHeader("caller", caller))
				switch {
				case err == nil:
					answered[caller]++
				case errors.Is(err, curlew.ResourceExhausted):
					refused[caller]++
				default:
					t.Error(err)
				}
			}
		}
	}
	for _, caller := range []string{"ada", "bob"} {
		if answered[caller] != 10 || refused[caller] != 30 {
			t.Errorf("%s: %d calls answered and %d refused, want 10 and 30", caller, answered[caller], refused[caller])
		}
	}
}
