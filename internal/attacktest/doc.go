// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package attacktest attacks a server as strangers would. It holds nothing but
// tests: each attack runs against a server in a process of its own, whose memory
// and processor time are measured, while other clients call the same server and
// must be served.
package attacktest
