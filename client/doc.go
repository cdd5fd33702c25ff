// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package client calls services.
//
//	c, err := client.New("localhost:8080")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	var product Product
//	err = c.Call(ctx, "Arith.Multiply", &Args{7, 8}, &product)
//
// A [Client] finds the servers of its target, balances over them, connects to
// them when calls need it, again when a connection is lost, and to more of them
// when one is full. It is a [curlew.Caller], which generated stubs take.
//
// A call waits for a connection until its context ends; then its error tells
// why there was none. A call without a deadline does not wait for ever: see
// [Client.Connect].
//
// A call that no server has begun is tried at once at other servers, three times
// in all. After that, without a policy that says otherwise, the client makes
// calls again that no server has begun, and those of idempotent methods that
// were unavailable: three times in all, after waits, and no more than the retry
// budget allows. What else protects calls is the policy's: see [WithPolicy] and
// package policy. It stands around a call in this order, the outermost first:
//
//   - the interceptors of [WithInterceptors],
//   - rate limit, concurrency limit and breaker of the method,
//   - hedging or retries, which share the client's budget,
//   - the choice of a server, and the breaker of that server,
//   - the interceptors of [WithAttemptInterceptors].
//
// [Client.Stats] tells how all of this is doing, and [Client.Breakers] lets
// breakers be set.
package client
