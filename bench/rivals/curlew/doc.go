// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package curlew runs the benchmarks on Curlew: its native protocol with protobuf
// messages and with plain Go types, and the gRPC and Connect protocols.
package curlew
