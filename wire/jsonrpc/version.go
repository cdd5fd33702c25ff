// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

// Version is a version of JSON-RPC. Zero means the newest.
type Version uint8

const (
	// Version1 is JSON-RPC 1.0 as Go's net/rpc/jsonrpc speaks it: requests and
	// answers one by one, an error is a text.
	Version1 Version = 1
	// Version2 is JSON-RPC 2.0 (https://www.jsonrpc.org/specification).
	Version2 Version = 2
)

// String returns "1.0" or "2.0".
func (v Version) String() string {
	if v == Version1 {
		return "1.0"
	}
	return "2.0"
}
