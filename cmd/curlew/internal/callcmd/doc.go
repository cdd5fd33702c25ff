// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package callcmd is `curlew call`, which calls a method of a server with
// messages as JSON.
//
//	curlew call localhost:8080 shop.v1.Cart/Add '{"sku": "a"}'
package callcmd
