// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package lscmd is `curlew ls`, which lists the services of a server, or the
// methods of one.
//
//	curlew ls localhost:8080
//	curlew ls localhost:8080 shop.v1.Cart
package lscmd
