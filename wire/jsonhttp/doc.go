// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonhttp serves methods by the HTTP routes that their .proto files
// give them, as the option google.api.http does it:
//
//	rpc GetBook(GetBookRequest) returns (Book) {
//	  option (google.api.http) = { get: "/v1/{name=shelves/*/books/*}" };
//	}
//
// so that this is a call of GetBook:
//
//	curl 'localhost:8080/v1/shelves/1/books/2?read_mask=title'
//
// All of google/api/http.proto is understood: the HTTP methods and custom ones,
// variables with patterns, "**", verbs after a colon, several routes of a
// method, and bodies that are the whole request, a field of it, or none. What is
// neither in the path nor in the body stands in the query, by its name in the
// .proto file or in JSON: scalars, enums by name or number, repeated fields by
// repeating them, fields of messages as in "author.name", and times, durations,
// field masks and wrappers as JSON has them between quotation marks. The options
// are read from the methods' descriptors; nothing of google.golang.org/genproto
// is needed. Plain Go services have no such options, and no routes: they are
// called by Connect, by a POST of JSON to /pkg.Service/Method. So is a service
// under another name than that in its .proto file.
//
// What does not fit is refused: 404 for a path without a route, 405 for another
// method, 415 for a body that is not JSON, 413 for one that is too large, 400
// for a parameter that the request does not have, or with a value of another
// type. Every error is a google.rpc.Status, under the HTTP status of its code:
//
//	{"code":5,"message":"no book 2","details":[{"@type":"type.googleapis.com/acme.Hint","text":"…"}]}
//
// A detail whose type is not linked into the server has its bytes as base64
// under "value".
//
// # Streams
//
// A server stream is one of Server-Sent Events, for a client that asks for them
// by Accept: text/event-stream, as a browser's EventSource does; any other gets
// 406. A reply is an event without a name; the last event is named "end", with
// the data {}, or "error", with a google.rpc.Status. An EventSource connects
// again after both unless it is closed:
//
//	const source = new EventSource("/v1/ticks?every=1s")
//	source.onmessage = e => show(JSON.parse(e.data))
//	source.addEventListener("end", () => source.close())
//	source.addEventListener("error", e => { source.close(); if (e.data) fail(JSON.parse(e.data)) })
//
// An error before the first reply is an answer with its own status, after which
// it does not. Streams of requests are 501.
//
// # Bodies that are no JSON
//
// A request, a reply or the field of one that is the body may be a
// google.api.HttpBody: then the body is its data, of any content type.
//
// # What it carries
//
// The fields of the request are its metadata. The reply's header is in the
// response's head, and so is its trailer, each name after "trailer-"; a stream's
// trailer is HTTP's own, which browsers do not show. A client may say how long it
// waits by Grpc-Timeout (gRPC's format) or Connect-Timeout-Ms. That it has gone
// cancels the call, without a cause.
//
// Forms of browsers are refused as package connect does it.
package jsonhttp
