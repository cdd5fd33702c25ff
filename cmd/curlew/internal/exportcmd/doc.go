// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package exportcmd is the command curlew export: plain Go services to .proto
// files, and any services to OpenAPI.
//
//	curlew export proto localhost:8080 --out proto
//	curlew export openapi proto/shop/v1/cart.proto > openapi.yaml
package exportcmd
