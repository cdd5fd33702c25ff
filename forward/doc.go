// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package forward passes calls on to another server: their messages as they
// are, undecoded, with all headers and trailers, and errors with their details.
// [To] makes the handler; a server that is made with server.WithFallback has it
// serve every method that is not registered.
//
// The next server is asked by whatever protocol the client speaks. gRPC and
// gRPC-Web do not tell the kind of a call, so that theirs go on as
// bidirectional streams, in any number of messages each way; gRPC and gRPC-Web
// servers take those for what they are, but native and Connect servers refuse
// them for methods of another kind.
//
// Messages keep the codec that they came in. They are decompressed here; the
// client's own options say whether they go on compressed.
package forward
