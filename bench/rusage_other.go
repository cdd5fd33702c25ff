// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

// ownCPU is not known here; neither is the machine's.
func ownCPU() float64 { return 0 }
