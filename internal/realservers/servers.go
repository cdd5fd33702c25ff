// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package realservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Server is a program that can be built from a module of the Go proxy.
type Server struct {
	Name    string // of the program
	Module  string
	Version string
	Package string // the program's main package
	Needs   string // how long a build takes, in words
	// Staged is the version in which the modules are published that Module
	// keeps in folders of its own and replaces by them. If it is empty, the
	// versions count that Module requires.
	Staged string
}

// Servers lists what can be built.
func Servers() []Server {
	return []Server{
		{
			Name: "etcd", Module: "go.etcd.io/etcd/server/v3", Version: "v3.7.3",
			Package: "go.etcd.io/etcd/server/v3", Needs: "a minute",
		},
		// Its license is BUSL-1.1: a tool of the tests, neither linked nor shipped.
		{
			Name: "consul", Module: "github.com/hashicorp/consul", Version: "v1.21.0",
			Package: "github.com/hashicorp/consul", Needs: "ten minutes",
		},
		{
			Name: "kube-apiserver", Module: "k8s.io/kubernetes", Version: "v1.36.3", Staged: "v0.36.3",
			Package: "k8s.io/kubernetes/cmd/kube-apiserver", Needs: "ten minutes",
		},
	}
}

// Folder is where built programs are kept: the value of CURLEW_REAL_FOLDER, or
// curlew/servers in the user's cache folder.
func Folder() (string, error) {
	if folder := os.Getenv("CURLEW_REAL_FOLDER"); folder != "" {
		return filepath.Abs(folder)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for programs: %w; set CURLEW_REAL_FOLDER", err)
	}
	return filepath.Join(cache, "curlew", "servers"), nil
}

// Path is where the built program is, or would be.
func (s Server) Path() (string, error) {
	folder, err := Folder()
	if err != nil {
		return "", err
	}
	name := s.Name + "-" + s.Version
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(folder, name), nil
}

// Find returns the path of the named program: the built one, or that on the
// PATH. Without either, the test ends.
func Find(t testing.TB, name string) string {
	t.Helper()
	for _, s := range Servers() {
		if s.Name != name {
			continue
		}
		if path, err := s.Path(); err != nil {
			t.Log(err)
		} else if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	for _, name := range []string{name, filepath.Join("/usr/sbin", name)} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "the program %s is neither built nor on the PATH; `make test-real` gets it", name)
	return ""
}

// missing ends a test that lacks what it needs.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CURLEW_REAL") == "required" {
		t.Fatalf(format, args...)
	}
	t.Skipf("NOT TESTED: "+format, args...)
}
