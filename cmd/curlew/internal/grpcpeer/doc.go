// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcpeer tests the commands that call servers with a server of grpc-go,
// plain and with TLS. It is a module of its own, so that the commands do not
// require grpc-go.
package grpcpeer
