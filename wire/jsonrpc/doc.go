// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonrpc is JSON-RPC: version 1.0 as Go's net/rpc/jsonrpc speaks it,
// and version 2.0 (https://www.jsonrpc.org/specification), over byte
// connections and, with [HTTP], as POST of a request or a batch. A server tells
// the version of each request; a client speaks the one that it was made for.
//
// Messages are encoded by encoding/json, protobuf messages by ProtoJSON. A
// method is called "Service.Method" or "pkg.Service/Method", or by its own name
// if no other method has it.
//
// # Parameters
//
// An object is the message itself. A list of one element is the message too; of
// several, or of one that is no object, they are the message's fields in the
// order of their declaration, if it is a struct or a protobuf message. In
// version 2.0 no parameters at all are a message that is zero. A client sends an
// object as it is and everything else, and in version 1.0 everything, as the one
// element of a list.
//
// # Requests and answers
//
// On a connection messages follow each other with white space between them or
// without; answers end with a new line and come in any order. Ids come back
// verbatim. A batch is answered when its last request is; the requests run at
// the same time, and a batch may have as many as a connection may have calls in
// flight. A notification, a request of version 2.0 without an id, gets no
// answer; in version 1.0 every request is answered, as Go's server does.
//
// A key that is there twice in an object, bytes that are not UTF-8, and nesting
// deeper than 1,000 are errors. What is no JSON ends a connection, since what
// follows cannot be told apart.
//
// # Errors
//
// In version 1.0 an error is its text. In version 2.0 it has a number, the text,
// and in "data" the name of its code and its details (type and base64 value):
//
//	-32700   the message is not JSON
//	-32600   it is JSON, but no request
//	-32601   unimplemented: there is no such method, or it is no unary one
//	-32602   invalid_argument: the parameters do not fit, for example
//	-32603   internal
//	-32000-n the other codes by their number n: not_found is -32005
//
// At the client the error of a server other than Curlew's has the code that the
// number tells, else [curlew.Unknown], and the whole error object as a detail
// ([ForeignError]).
//
// # What is not carried
//
//   - Streams: [curlew.Unimplemented], on the client before anything is sent.
//   - Metadata: on connections not sent; over HTTP the request's fields are its
//     metadata, the reply has none.
//   - Deadlines and cancellation: on connections the server is not told. The
//     client gives the call up in time and drops the late reply; the handler
//     goes on, until the connection ends. Over HTTP a client that goes away ends
//     its handlers' contexts.
//   - One-way calls are notifications in version 2.0; in version 1.0 the answer
//     is awaited and dropped.
//   - Codes and details of errors in version 1.0: at the client every error is
//     [curlew.Unknown].
//   - A codec chosen for a call, and calls from the server to the client:
//     [curlew.Unimplemented]. Compression: none.
//   - Drain: the server closes the connection once it is idle; a request on its
//     way to it is lost, and its call ends as [curlew.MaybeSent].
package jsonrpc
