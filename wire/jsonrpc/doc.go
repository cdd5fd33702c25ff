// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonrpc is JSON-RPC: version 1.0 as Go's net/rpc/jsonrpc speaks it,
// and version 2.0 (https://www.jsonrpc.org/specification), over byte
// connections and, 2.0, as POST /rpc over HTTP. A server tells the version of
// each message by its "jsonrpc" member.
//
// Messages are those of encoding/json for plain Go types and ProtoJSON for
// protobuf messages; a scalar is itself. Methods are named "Service.Method" or
// "pkg.Service/Method". In version 2.0 an object of parameters is the argument
// itself; an array is the argument if it has one element that is an object, or
// if the argument is not a struct, and otherwise its elements are the
// argument's fields in the order of their declaration.
//
// Batches, notifications and ids of any kind are as version 2.0 says. The
// answers of a batch come together, when its last call has ended.
//
// Errors of version 2.0 have these codes, and in "data" the code's name and the
// details; in version 1.0 an error is its text.
//
//	-32700  the text is not JSON
//	-32600  it is JSON but no request
//	-32601  unimplemented: there is no such method
//	-32602  invalid_argument: the parameters do not fit
//	-32603  internal
//	-32000 - n  any other code, by its number n: not_found is -32005
//
// Only unary calls are carried. A byte connection carries no metadata, deadline
// or cancellation; over HTTP a request's fields are its metadata and a client
// that goes away cancels its calls.
package jsonrpc
