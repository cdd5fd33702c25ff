// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package consul holds the tests of contrib/consul before a real Consul.
package consul
