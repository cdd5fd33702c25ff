// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench measures Curlew beside other RPC frameworks for Go and beside
// limits that no framework can pass, and says whether Curlew reaches its
// floors. Usage:
//
//	go run . [flags]
//	go run . -quick -run echo-64B
//	go run . -help
//
// The method, and what the figures do not show, stand in docs/benchmarks.md.
package main
