// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package resilience holds what keeps calls going while servers fail, and
// servers while calls are too many. Its parts are plain structs whose zero
// fields mean documented defaults and whose Check refuses what makes no sense;
// they can be compared by ==. Each gives a [curlew.Interceptor], by itself or
// through the state that its New returns.
//
//	Retry, Hedge           make further attempts, within one Budget for a client
//	Breaker  → Circuit     stops calls to what keeps failing
//	Concurrency → Limiter  bounds the calls that run, fixed or adaptive, with a queue
//	Shed     → Limiter     the same for a server, with priorities and a look at the CPU
//	Rate     → Bucket      bounds the calls that begin; PerKey and Throttle those of each caller
//	Cache    → Answers     keeps replies of methods without side effects
//	Fallback, MapErrors    answer instead of a failure, and give errors their codes
//
// A client puts them together by itself from its policy, in this order from the
// outside: rate, concurrency, breaker, then hedge or retry around every choice
// of a server. A server takes them by server.WithInterceptors.
//
// State is safe for concurrent use. No lock is held while a call runs, and calls
// for which nothing happens share none. What depends on time can be driven by an
// explicit time, or by the interceptors inside testing/synctest.
package resilience
