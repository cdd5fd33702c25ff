// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package attacktest_test

import (
	"runtime"
	"time"
)

// processUsage returns the memory that the Go runtime has from the system; the
// processor time is not measured here.
func processUsage() (cpu time.Duration, peak int64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return 0, int64(m.Sys)
}
