// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import "syscall"

// ownCPU is the CPU time, in seconds, of this process and of the children it
// has waited for.
func ownCPU() float64 {
	var sum float64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
		}
	}
	return sum
}
