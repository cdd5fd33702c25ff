// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import "syscall"

// endWithRun has a server end when the run does, however that ends.
func endWithRun() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
