// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package arith is the arithmetic that every introduction to RPC begins with,
// as plain Go: [Calculator] in the shape of new services, [Arith] in the shape
// of net/rpc, word for word from its documentation.
package arith
