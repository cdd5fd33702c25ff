// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package api has types that refer back to the package that uses them.
package api

// Page is a page of anything.
type Page[T any] struct {
	Items []T
	Next  Token
}

// Token says where the next page begins.
type Token struct{ Offset uint64 }

// Item has the name of another type.
type Item struct{ Text string }
