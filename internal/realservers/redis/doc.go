// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package redis holds the tests of contrib/redis before a real Redis.
package redis
