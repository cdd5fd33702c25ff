// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// programs holds the users' first program.
//
//go:embed testdata/program
var programs embed.FS

// user does what users do, in new folders below temp, with a module cache of
// its own.
type user struct {
	temp    string
	bin     string
	env     []string
	folders int
}

// newUser returns a user whose modules come from the proxy, then from this
// machine's module cache (itself laid out as a proxy), then from where the
// machine gets its modules.
func newUser(ctx context.Context, temp, proxy string) (*user, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOPROXY", "GOSUMDB").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	settings := strings.Split(string(out), "\n")
	cache, upstream, sumDB := settings[0], settings[1], settings[2]
	u := &user{temp: temp, bin: filepath.Join(temp, "bin")}
	u.env = append(os.Environ(),
		"GOMODCACHE="+filepath.Join(temp, "modcache"),
		"GOPROXY="+strings.Join([]string{fileURL(proxy), fileURL(filepath.Join(cache, "cache", "download")), upstream}, ","),
		"GOSUMDB="+sumDB,
		"GONOSUMDB=github.com/curlewrpc/*",
		// The settings of this machine's user must not lead around the proxy.
		"GOENV=off", "GOPRIVATE=", "GONOPROXY=",
		// A writable module cache can be deleted; -trimpath lets the build
		// cache serve packages from a module cache that moves.
		"GOFLAGS=-mod=mod -modcacherw -trimpath",
		"GOWORK=off",
		"GOBIN="+u.bin,
	)
	return u, nil
}

func fileURL(dir string) string {
	dir = filepath.ToSlash(dir)
	if runtime.GOOS == "windows" {
		dir = "/" + dir
	}
	return "file://" + dir
}

// try gets and builds a module and installs its commands.
func (u *user) try(ctx context.Context, path string) error {
	folder, err := u.newModule(ctx, path)
	if err != nil {
		return err
	}
	if _, err := u.run(ctx, folder, "go", "build", path+"/..."); err != nil {
		return err
	}
	packages, err := u.run(ctx, folder, "go", "list", "-f", "{{.Name}} {{.ImportPath}}", path+"/...")
	if err != nil {
		return err
	}
	fmt.Printf("   %s: go get, go build of %d packages\n", path, len(strings.Fields(packages))/2)
	for line := range strings.Lines(packages) {
		name, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "main" {
			continue
		}
		if err := u.install(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// install does go install of a command in an empty folder.
func (u *user) install(ctx context.Context, command string) error {
	folder, err := u.newFolder()
	if err != nil {
		return err
	}
	if _, err := u.run(ctx, folder, "go", "install", command+"@"+version); err != nil {
		return err
	}
	entries, err := os.ReadDir(u.bin)
	if err != nil {
		return fmt.Errorf("go install %s@%s installed nothing: %w", command, version, err)
	}
	for _, e := range entries {
		if strings.TrimSuffix(e.Name(), ".exe") == command[strings.LastIndexByte(command, '/')+1:] {
			fmt.Printf("   %s: go install\n", command)
			return nil
		}
	}
	return fmt.Errorf("go install %s@%s installed no command of that name", command, version)
}

// runProgram compiles and runs the user's first program.
func (u *user) runProgram(ctx context.Context, path string) error {
	folder, err := u.newModule(ctx, path)
	if err != nil {
		return err
	}
	program, err := programs.ReadFile("testdata/program/main.go")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), program, 0o644); err != nil {
		return err
	}
	out, err := u.run(ctx, folder, "go", "run", ".")
	if err != nil {
		return err
	}
	fmt.Printf("   a first program: go run says %q\n", strings.TrimSpace(out))
	return nil
}

// newModule makes a folder with a new module that requires path.
func (u *user) newModule(ctx context.Context, path string) (folder string, err error) {
	if folder, err = u.newFolder(); err != nil {
		return "", err
	}
	if _, err := u.run(ctx, folder, "go", "mod", "init", "example.com/user"); err != nil {
		return "", err
	}
	_, err = u.run(ctx, folder, "go", "get", path+"@"+version)
	return folder, err
}

func (u *user) newFolder() (string, error) {
	u.folders++
	folder := filepath.Join(u.temp, "user", fmt.Sprint(u.folders))
	return folder, os.MkdirAll(folder, 0o755)
}

// run returns what a command prints; its error holds what the command said.
func (u *user) run(ctx context.Context, folder, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, u.env, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", errors.Join(fmt.Errorf("a user's `%s` fails: %w", strings.Join(cmd.Args, " "), err), errors.New(stderr.String()))
	}
	return stdout.String(), nil
}
