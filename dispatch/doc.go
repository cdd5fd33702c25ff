// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package dispatch finds the method that a call asks for and runs it: the
// table of services, the interceptors around each method, limits, workers,
// recovery from panics, and the mapping of errors to what a peer is told.
//
// A server has one [Dispatcher] for all its protocols; a client that offers
// services to its servers' handlers has one too. Protocols see it as a
// [wire.Dispatcher].
package dispatch
