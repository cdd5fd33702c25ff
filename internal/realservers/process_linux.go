// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"os/exec"
	"syscall"
)

// endWithTest has the program end if the test's process does without stopping it.
func endWithTest(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
