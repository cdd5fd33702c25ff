// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package etcd holds the tests of contrib/etcd before a real etcd.
package etcd
