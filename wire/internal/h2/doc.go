// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package h2 is an HTTP/2 engine (RFC 9113), server and client. It gives HTTP
// exchanges to protocols; what these mean by them it does not know.
//
// One goroutine reads from a connection and handles frames. Whoever has
// something to send appends it to the connection's writer. Nothing waits for the
// peer but Write and Read, with their callers' contexts; what an End leaves over
// for want of credit goes out by a goroutine that is started on demand.
//
// Priorities are validated and not heeded (RFC 9113, section 5.3), and nothing
// is pushed.
package h2
