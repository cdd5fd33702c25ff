// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis_test

import (
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/contrib/redis"
	"github.com/curlewrpc/curlew/resilience"
)

func ExampleNew() {
	client := goredis.NewClient(&goredis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	buckets, err := redis.New(client, redis.Limit{
		Name:      "search",
		PerSecond: 500,
		Share:     0.25, // of each of four replicas, while Redis is away
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// An interceptor for server.WithInterceptors: each caller has its own bucket.
	var limit curlew.Interceptor = resilience.Throttle(buckets, func(call *curlew.Call) string {
		return call.Header().Get("api-key")
	})
	fmt.Println(limit != nil)
	// Output: true
}
