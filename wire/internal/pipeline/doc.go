// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package pipeline is what the simple protocols have in common: one byte
// connection, one message for a call and one for its answer, in any order,
// matched by a number. It knows no message's form; netrpc and jsonrpc bring
// that.
//
// [Server] is the server's end of such a connection: back-pressure by the
// number of calls and the bytes that wait for handlers, drain, and the end of
// the calls with the connection. [Session] is the client's end, a
// [wire.Session]: the calls that wait for answers, their deadlines, and how far
// each had got when the connection failed.
//
// Such protocols carry unary calls and nothing beside them: no metadata, no
// deadline, no cancellation. A client honours those by itself: a call is given
// up when its context ends, and the late answer is dropped.
package pipeline
