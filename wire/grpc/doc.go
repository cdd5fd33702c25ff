// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpc is gRPC over HTTP/2.
package grpc
