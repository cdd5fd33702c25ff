// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package native is Curlew's own protocol: all four kinds of calls,
// multiplexed on one connection in both directions, with flow control,
// deadlines, metadata, typed errors and cancellation. docs/protocol.md
// specifies it.
//
// A [Protocol] is both halves: servers take it as a framing, clients as the
// protocol by which they connect.
//
// The read loop owns what arrives, the writer (package coalesce) owns what
// leaves, and a connection's mutex guards the plain state machines between
// them: credit windows, the stream table, places for calls, liveness.
package native
