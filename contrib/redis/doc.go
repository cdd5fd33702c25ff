// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package redis keeps rate limits in Redis, so that processes share them.
//
//	buckets, err := redis.New(client, redis.Limit{Name: "search", PerSecond: 500})
//	// of a server: 500 calls a second of each caller, over all its replicas
//	limited := resilience.Throttle(buckets, func(call *curlew.Call) string { return call.Header().Get("api-key") })
//
// A [Limit] has a token bucket for each key, which is one key in Redis (5 or
// newer), reckoned by Redis' own clock in one script; so it works in a cluster,
// and the clocks of the processes do not matter.
//
// Not every call asks Redis. A process that calls often takes several tokens at a
// time, [Limit].Batch at most, and one that was refused asks no more until there
// can be a token. In any time t, N processes together begin at most
//
//	PerSecond * t + Burst + N * Batch
//
// calls of a key. What a process has taken and not spent within Hold is lost.
//
// If Redis is away, hangs or answers with an error, calls go on: each process
// keeps to its Share of the limit by buckets of its own, and asks Redis again
// after 100 ms, then ever more seldom, up to every five seconds. Meanwhile one
// call at a time waits for Redis, [Limit].Timeout at most. A Redis that comes back
// without its data has full buckets.
package redis
