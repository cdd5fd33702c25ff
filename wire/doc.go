// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire holds the seams between RPC protocols and the rest of Curlew.
// Those who write a protocol need it; those who use one do not.
//
// On the server a [Source] produces calls. [Listener] is the common one: it
// accepts connections, reads their first bytes, and gives each connection to
// the [Framing] that knows it. A Framing (native, netrpc, jsonrpc, HTTP/1.1,
// HTTP/2) turns bytes into calls and hands them to a [Dispatcher]; the HTTP
// framings turn bytes into exchanges and hand each to an [HTTPProtocol] (gRPC,
// Connect …), which does the same.
//
// On the client a [Protocol] connects to a [Remote] and gives a [Session],
// over which calls are opened. Neither side's seam says that a connection is a
// net.Conn: QUIC, shared memory and calls inside a process have none.
package wire
