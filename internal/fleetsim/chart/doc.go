// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package chart draws runs as SVG, one row for each picker: [Courses] over time,
// and [Tails] of latencies. A drawing needs no font, style or script from
// elsewhere and brings its own background.
package chart
