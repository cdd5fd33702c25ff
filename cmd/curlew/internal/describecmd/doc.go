// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package describecmd is `curlew describe`, which prints a service, a method, a
// message or an enum as the text of its .proto file.
//
//	curlew describe localhost:8080 shop.v1.Cart
package describecmd
