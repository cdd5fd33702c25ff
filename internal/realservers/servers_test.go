// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	t.Setenv("CURLEW_REAL_FOLDER", "here")
	if got, err := Folder(); err != nil || !filepath.IsAbs(got) || filepath.Base(got) != "here" {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("CURLEW_REAL_FOLDER", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if got, err := Folder(); err != nil || !strings.HasSuffix(got, filepath.Join("curlew", "servers")) {
		t.Errorf("got %q, %v", got, err)
	}
}

// What is built is preferred to what is on the PATH, and what is neither ends the
// test.
func TestFind(t *testing.T) {
	folder, path := t.TempDir(), t.TempDir()
	t.Setenv("CURLEW_REAL_FOLDER", folder)
	t.Setenv("PATH", path)
	t.Setenv("CURLEW_REAL", "")
	on := filepath.Join(path, "etcd")
	if runtime.GOOS == "windows" {
		on += ".exe"
	}
	put(t, on)
	if got := Find(t, "etcd"); got != on {
		t.Errorf("on the PATH: got %q", got)
	}
	built, err := Servers()[0].Path()
	if err != nil {
		t.Fatal(err)
	}
	put(t, built)
	if got := Find(t, "etcd"); got != built {
		t.Errorf("built: got %q", got)
	}
	skipped := false
	t.Run("none", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Find(t, "no-such-server")
	})
	if !skipped {
		t.Error("a test whose program is missing goes on")
	}
}

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestProcess(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("NOT TESTED: there is no program sleep")
	}
	asked := 0
	p := Run(t, func() *exec.Cmd { return exec.Command(sleep, "60") }, func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if asked != 3 {
		t.Errorf("it was asked %d times", asked)
	}
	p.Stop(t)
	p.Start(t)
	p.Kill(t)
	p.Kill(t) // does nothing
	if out := p.Output(10); len(out) != 0 {
		t.Errorf("it has written %q", out)
	}
}

func TestFreePorts(t *testing.T) {
	seen := make(map[int]bool)
	for _, port := range FreePorts(t, 5) {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil || seen[port] {
			t.Errorf("port %d: %v", port, err)
			continue
		}
		defer func() { _ = l.Close() }()
		seen[port] = true
	}
}
