// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package reflection tells clients which services a server has and what their
// messages are, so that grpcurl, buf curl and the like call them without a
// .proto file. It is gRPC's server reflection
// (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md), versions
// v1 and v1alpha.
//
// A server offers it by itself to clients on the same machine, and to all with
// server.WithReflection, for reflection shows every service to everybody who may
// call it. [New] makes the services for other uses, and [Client] asks.
//
// Services of generated code are described by the .proto files that they come
// from, all others by files that are derived from their Go types, as package
// schema has it.
//
// The protocol's own descriptors are on no registry of protobuf's, so that a
// program may link this package and others with the same messages.
package reflection
