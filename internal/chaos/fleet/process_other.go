// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package fleet

import "syscall"

// endWithRun is left to the end of the server's standard input.
func endWithRun() *syscall.SysProcAttr { return nil }
