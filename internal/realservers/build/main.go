// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command build builds the named servers, or all that [realservers.Servers]
// lists, from the modules of the user's Go proxy, unless they are built already:
//
//	go run ./build etcd consul
//
// A server's module is not for `go install`, since it replaces modules. So each
// is built in a module of its own that takes over the server's go.mod and go.sum,
// without the replacements by folders.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/curlewrpc/curlew/internal/realservers"
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	servers := realservers.Servers()
	if len(names) > 0 {
		servers = nil
		for _, name := range names {
			all := realservers.Servers()
			i := slices.IndexFunc(all, func(s realservers.Server) bool { return s.Name == name })
			if i < 0 {
				return fmt.Errorf("there is no server %q", name)
			}
			servers = append(servers, all[i])
		}
	}
	for _, s := range servers {
		if err := ensure(ctx, s); err != nil {
			return fmt.Errorf("%s %s: %w", s.Name, s.Version, err)
		}
	}
	return nil
}

// ensure builds a server unless it is there.
func ensure(ctx context.Context, s realservers.Server) error {
	path, err := s.Path()
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	fmt.Printf("   building %s %s, once; this takes about %s\n", s.Name, s.Version, s.Needs)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	b := builder{ctx: ctx, dir: dir}
	if err := b.prepare(s); err != nil {
		return err
	}
	program := filepath.Join(dir, filepath.Base(path))
	if _, err := b.run("go", "build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", program, s.Package); err != nil {
		return err
	}
	return os.Rename(program, path)
}

// builder makes a module in dir.
type builder struct {
	ctx context.Context
	dir string
}

// prepare writes the go.mod and go.sum with which s is built.
func (b builder) prepare(s realservers.Server) error {
	out, err := b.run("go", "mod", "download", "-json", s.Module+"@"+s.Version)
	if err != nil {
		return err
	}
	var source struct{ Dir, GoMod string }
	if err := json.Unmarshal(out, &source); err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	for from, to := range map[string]string{source.GoMod: "go.mod", filepath.Join(source.Dir, "go.sum"): "go.sum"} {
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(b.dir, to), content, 0o644); err != nil {
			return err
		}
	}
	if out, err = b.run("go", "mod", "edit", "-json"); err != nil {
		return err
	}
	var mod struct {
		Replace []struct {
			Old, New struct{ Path, Version string }
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("go mod edit: %w", err)
	}
	edits := []string{"mod", "edit", "-module=example.com/build", "-require=" + s.Module + "@" + s.Version}
	for _, r := range mod.Replace {
		if r.New.Version != "" {
			continue
		}
		old := r.Old.Path
		if r.Old.Version != "" {
			old += "@" + r.Old.Version
		}
		if s.Staged == "" {
			edits = append(edits, "-dropreplace="+old)
		} else {
			edits = append(edits, "-replace="+old+"="+r.Old.Path+"@"+s.Staged)
		}
	}
	_, err = b.run("go", edits...)
	return err
}

// run runs a command in the module, behind whatever else the machine does.
func (b builder) run(name string, args ...string) ([]byte, error) {
	told := name + " " + strings.Join(args[:2], " ")
	if nice, err := exec.LookPath("nice"); err == nil {
		name, args = nice, append([]string{name}, args...)
	}
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", told, err, stderr.String())
	}
	return out, nil
}
