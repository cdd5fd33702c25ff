// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package load

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that this process has used; 0 if that is not
// known.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
