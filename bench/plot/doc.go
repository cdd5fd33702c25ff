// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package plot draws measurements as SVG: [Bars] with confidence intervals, and
// [Dots] on a logarithmic scale. A drawing needs no font, style or script from
// elsewhere and brings its own background, so that it is legible on any page.
package plot
