// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package h2 carries HTTP protocols over HTTP/2 (RFC 9113), with prior knowledge
// on plaintext connections and by ALPN over TLS.
//
// On a server it is a framing of connections:
//
//	framing := h2.New([]wire.HTTPProtocol{grpc.NewServer(codecs)}, h2.WithHandler(mux))
//
// and on a client [Dial] makes the connections of a protocol.
package h2
