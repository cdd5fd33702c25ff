// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package attacktest_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processUsage returns the processor time that this process has used, and the
// most memory in bytes that it has had resident.
func processUsage() (cpu time.Duration, peak int64) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), kib << 10
}
