// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package report draws a result as one HTML page that needs nothing else: the
// plots are SVG, and a short script shows the figures below the pointer.
package report
