// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package netrpc speaks the protocol of Go's net/rpc: its clients call Curlew's
// servers, and Curlew's clients call its servers, unchanged. A [Protocol] is
// both halves: servers take it as a framing, clients as the protocol by which
// they connect. [NewHTTP] makes one for clients that reach a server as
// rpc.DialHTTP does.
//
// Messages are gobs; a scalar argument or reply is the bare value. Methods are
// called "Service.Method" on the wire.
//
// The protocol carries less than others. Where it cannot carry something, this
// happens:
//
//   - Streams: [curlew.Unimplemented], on the client before anything is sent.
//   - Metadata, both ways, and trailers: not sent.
//   - Deadlines and cancellation: the server is not told. The client gives the
//     call up in time and drops the late reply; the handler goes on, until the
//     connection ends.
//   - Error codes and details: the error's text alone. At the client every error
//     of the server is [curlew.Unknown], with that text.
//   - One-way calls: the answer is awaited and the reply dropped.
//   - A codec chosen for a call, and calls from the server to the client:
//     [curlew.Unimplemented]. Compression: none.
//   - Drain: the server closes the connection once it is idle; a request on its
//     way to it is lost, and its call ends as [curlew.MaybeSent].
//   - Interface values, in either direction: [curlew.Unimplemented]; the peer
//     would choose the type that is made of them. So are protobuf messages with
//     a oneof, whose Go field is an interface, and those of the opaque API,
//     which have no fields for gob. Other protobuf messages are what gob makes
//     of their Go fields; a field that is set to its zero value arrives unset.
//
// gob defines each type once on a connection, and values depend on that.
// Nevertheless a request is decoded when and where its handler wants it, and a
// reply in the caller's goroutine; package gobstream tells how, and how it keeps
// a hostile peer from doing harm.
package netrpc
