// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcgo runs the benchmarks on grpc-go.
package grpcgo
