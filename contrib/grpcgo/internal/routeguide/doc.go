// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package routeguide has the code of docs/migrate-from-grpc-go.md: grpc-go's
// route_guide example, whose generated code comes from grpc-go as it is, served
// and called by grpc-go and by Curlew.
package routeguide
