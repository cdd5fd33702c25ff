// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpc is gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): all four kinds
// of calls, with metadata both ways, trailers, deadlines, and errors with their
// details. [NewServer] gives the server's half, for the HTTP framings;
// [NewClient] the client's, over a transport with trailers, such as h2.Dial's.
//
// # Compression
//
// A server compresses replies as the requests of the call say that they are, if
// a reply is large enough for that to pay: that a client could take compressed
// replies is not taken for the wish to get them. A client names what it could
// take, and compresses by the call option curlew.WithCompression.
//
// # What it cannot carry
//
// The end of a call that is canceled travels without its cause. Nothing tells
// the kind of a call, so that a client which takes a method for another kind
// notices it by the number of messages, if at all. A one-way call waits for its
// answer. Values of headers that begin or end with a space are refused.
//
// HTTP/1.1 does not do (505): most of what is between two peers drops trailers.
// gRPC-Web and Connect do without.
package grpc
