// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package proxyproto reads the PROXY protocol, versions 1 and 2: the header with
// which a load balancer begins a connection to say whose connection it is.
//
// The specification is HAProxy's doc/proxy-protocol.txt; the sections named here
// are its. A header is read in the goroutine of its connection, not in Accept,
// so that a slow sender delays nobody else, and exactly: the connection stays
// the raw one and its next byte is the first of the protocol proper.
package proxyproto
