// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package report makes tables, plots, results.json and a verdict on the floors
// from what was measured: results go into a [Report], everything else comes out
// of it.
package report
