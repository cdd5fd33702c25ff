// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package curlewtest serves services to tests, in memory:
//
//	func TestGreet(t *testing.T) {
//		c := curlewtest.Serve(t, greeter)
//		var reply string
//		err := c.Call(t.Context(), "Greeter.Greet", "Ada", &reply)
//		…
//	}
//
// Everything runs as it does over a network, the protocol too, but without
// ports, so tests may run in parallel. It works inside a testing/synctest
// bubble, where [Server.Delay] takes virtual time. All of it ends with the
// test, which fails if a handler does not.
package curlewtest
