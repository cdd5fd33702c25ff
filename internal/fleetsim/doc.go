// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command fleetsim compares the pickers of package balance, and gRPC's policies
// as its proposals specify them, in fleets that are simulated in virtual time.
// What it finds stands in docs/balancing.md, which it writes: `make simulate`.
//
//	go run .                  # all scenarios, as tables
//	go run . -only one-slow   # one of them
//	go run . -check           # small fleets, held to what must be true of them
package main
