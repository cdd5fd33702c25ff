// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package health tells load balancers, probes and clients whether services can
// be used, by the gRPC health checking protocol
// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
//
// A server does that by itself: all of its services are serving until it
// drains. One that knows better says so:
//
//	h := health.New()
//	s, err := server.New(server.WithHealth(h))
//	…
//	h.Set("shop.Cart", health.NotServing) // its database is gone
//
// A service that nobody has Set is unknown; the empty name stands for the
// server as a whole, which is serving from the beginning. Once the server
// drains, every service is not serving. A [Client] asks.
//
// The protocol's descriptors are on no registry of protobuf's, so that a
// program may link this package and others with the same messages.
package health
