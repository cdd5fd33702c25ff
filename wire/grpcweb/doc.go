// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcweb is gRPC-Web (grpc/doc/PROTOCOL-WEB.md): gRPC whose responses
// have their trailers in the body, so that pages in a browser can call, and all
// else that knows only HTTP/1.1. [NewServer] gives the server's half, for the
// HTTP framings, with no proxy before it; [NewClient] the client's.
//
// A server takes both forms: application/grpc-web, and in base64
// application/grpc-web-text, which browsers can read while it comes. A client
// makes the first.
//
// A page of another origin may call only if the server's CORS settings let it:
// a browser asks first, because of the content type.
//
// All that package grpc says of compression and of what it cannot carry holds
// here. Over HTTP/1.1 a handler answers while requests come, but a client that
// sends all of them first is the only one that everything in between lets pass;
// browsers are such clients.
package grpcweb
