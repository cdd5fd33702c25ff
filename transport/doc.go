// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package transport opens the connections that protocols are spoken over: TCP
// and Unix sockets by address, with TLS if wanted, and writes to them without
// waiting.
//
// An address is "host:port", ":port" or "unix:///path/to.sock"; client and
// server understand the same ones, by [ParseAddress]. A network in memory for
// tests is in transport/mem, the PROXY protocol in transport/proxyproto.
package transport
