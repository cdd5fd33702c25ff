// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package mem is a network in memory: listeners and connections that behave
// like TCP's, without the operating system.
//
// It is made for tests. Inside a testing/synctest bubble it is deterministic:
// whoever waits does so durably, and latency is virtual time. It works outside
// a bubble just as well, but a network, its listeners and its connections
// belong to the bubble (or to the absence of one) in which they were made.
//
// Every direction of a connection has a bounded buffer, so a reader that stops
// reading stops the writer. [Faults] make a direction slow, cut it at an exact
// byte, or swallow what is sent, as a pulled cable does.
package mem
