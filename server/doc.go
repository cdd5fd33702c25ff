// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package server serves services over every protocol on the same ports.
//
//	s, err := server.New()
//	if err != nil { … }
//	if err := s.Register(arith, greeter); err != nil { … }
//	err = s.ListenAndServe(ctx, ":8080")
//
// When ctx is canceled the server drains: it takes no new connections, tells
// its peers to go elsewhere, lets calls in flight end, and after at most 30 s
// (see [WithShutdownTimeout]) cuts what is left and reports it.
//
// [NotifyShutdown] gives a context that a SIGTERM cancels. [WithRegistrar] makes
// the server known to a registry while it is ready: it registers once it serves
// and its health is good, and leaves before it drains, so that a restart costs
// no call.
//
// The protocols are listed in one place, defaults.go; the first bytes of a
// connection decide which one it speaks.
package server
