// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package guide has the code of docs/guide.md that no other example has: a shop
// that takes orders, with metadata, deadlines, interceptors and limits.
package guide
