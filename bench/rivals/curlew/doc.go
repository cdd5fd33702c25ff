// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package curlew runs the benchmarks on Curlew's native protocol: with protobuf
// messages, and with plain Go types.
package curlew
