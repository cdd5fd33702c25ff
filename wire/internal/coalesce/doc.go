// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package coalesce gathers the frames of many goroutines into few writes on
// one connection.
//
// If nobody is writing, the goroutine that appends a frame writes it itself:
// no hand-off, so one caller has the latency of a bare socket. If somebody is,
// the frame waits in a second buffer, and whoever writes takes all that has
// gathered there with one system call, so many callers share it.
//
// The writing goroutine never waits for the peer: it tries, a bounded number
// of rounds, and leaves the rest to a flusher that is started on demand and
// ends when nothing is left. Connections that cannot try (TLS) always use the
// flusher.
package coalesce
