// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package rival is what the benchmarks ask of an RPC framework: a server of an
// echo and of a stream, and a client of both. Every framework, Curlew too, and
// the limits that use no framework at all, are values of [Framework].
package rival
