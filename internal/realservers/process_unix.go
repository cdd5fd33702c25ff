// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package realservers

import (
	"syscall"
	"testing"
)

// Freeze has the program hang until Thaw.
func (p *Process) Freeze(t testing.TB) { p.signal(t, syscall.SIGSTOP) }

// Thaw has a frozen program go on.
func (p *Process) Thaw(t testing.TB) { p.signal(t, syscall.SIGCONT) }

func (p *Process) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("%s: %v: %v", p.name, signal, err)
	}
}
