// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package limits makes calls without a framework: what a framework can hope for
// on the machine at hand.
package limits
