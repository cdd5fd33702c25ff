// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package h1 is HTTP/1.1 (and 1.0), by net/http, on both sides.
//
// On the server a [Framing] serves connections. Each request goes to the first
// of its [wire.HTTPProtocol] values that it belongs to, else to an http.Handler
// of the user's, else it is answered with what would have been taken:
//
//	http := h1.New([]wire.HTTPProtocol{connect.NewServer([]curlew.Codec{json.New(), proto.New()})},
//		h1.WithHandler(mux),
//		h1.WithTunnel(h1.Tunnel{Path: netrpc.ConnectPath, Reply: netrpc.ConnectReply, Framing: netrpc.New()}))
//
// A [Handler] does the same inside somebody else's http.Server, of any version
// of HTTP.
//
// On the client [Dial] makes the [wire.HTTPTransport] that protocols over HTTP
// are given.
package h1
