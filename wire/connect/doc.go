// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package connect is the Connect protocol (connectrpc.com/docs/protocol): unary
// calls are HTTP POSTs whose bodies are the bare messages, as JSON or protobuf,
// so that curl and browsers can make them:
//
//	curl -d '{"A":7,"B":8}' localhost:8080/Arith/Multiply
//
// Streams are bodies of enveloped messages, application/connect+json for
// instance. A unary method without side effects ([curlew.NoSideEffects]) may be
// called by GET too, so that its answers can be cached:
//
//	curl 'localhost:8080/Arith/Multiply?encoding=json&message=%7B%22A%22:7,%22B%22:8%7D'
//
// [NewServer] gives the server's half, for the HTTP framings; [NewClient] the
// client's, over any HTTP transport.
//
// # Browsers
//
// A page of another origin can make a browser send a form or plain text with
// the user's cookies, without asking first. So a browser's call must be
// application/json or application/proto, for which it asks by an OPTIONS
// request that is refused unless package cors allows the page's origin. What curl sends by itself, JSON that says it is
// a form (application/x-www-form-urlencoded) or nothing, is taken as JSON only
// if the request has none of the fields Origin, Referer, Cookie and Sec-Fetch-*:
// browsers send at least one of the first and the last with such a request.
//
// # What it cannot carry
//
// The server learns of a canceled call by the end of its connection (HTTP/1) or
// stream, without the cause. A unary reply's header and trailer travel together,
// at the end. A one-way call waits for its answer. Values of headers that begin
// or end with a space are refused.
package connect
