// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command kitex has Kitex as a rival, over its own protocol on multiplexed
// connections and over gRPC. It is a module of its own because Kitex reaches
// into the Go runtime in ways that the linker refuses by default; build it, and
// its tests, with
//
//	go build -ldflags=-checklinkname=0
//
// The program is run by the benchmarks; by itself it does nothing. It needs a
// system that Kitex's poller knows, which are the Unixes.
package main
