// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonrpc is JSON-RPC 1.0 and 2.0, over byte connections and over HTTP.
package jsonrpc
