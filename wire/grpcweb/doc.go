// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcweb is gRPC-Web: gRPC for browsers and for HTTP/1.1.
package grpcweb
