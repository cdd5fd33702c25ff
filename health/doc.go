// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package health tells load balancers, probes and clients whether services can
// be used, by the gRPC health checking protocol
// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md):
//
//	h := health.New()
//	err := s.Register(h.Service(), cart)
//	…
//	h.Set("shop.Cart", health.NotServing) // its database is gone
//
// A service that nobody has Set is unknown; the empty name stands for the
// server as a whole, which is serving from the beginning. Once the server
// drains, every service is not serving.
//
// The protocol's descriptors are on no registry of protobuf's, so that a
// program may link this package and others with the same messages.
package health
