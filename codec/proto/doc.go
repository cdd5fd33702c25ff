// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package proto is the protobuf codec: protobuf messages by protobuf-go, plain
// Go values by the schema that is derived from their types. Both are protobuf
// bytes, so either side may use either.
package proto
