// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// allowedOrigin is the origin whose pages the demo server lets call it.
const allowedOrigin = "http://localhost:5173"

// nodeTimeout bounds a program of Node's; each of its calls has a bound of its own.
const nodeTimeout = 5 * time.Minute

func grpcJS(ctx context.Context, b *bench, c *checks) error { return b.node(ctx, c, "grpc-js.mjs") }

func connectNode(ctx context.Context, b *bench, c *checks) error {
	return b.node(ctx, c, "connect-node.mjs")
}

func connectWeb(ctx context.Context, b *bench, c *checks) error {
	path, err := find("chromium", "chromium-browser", "google-chrome", "chrome")
	if err != nil {
		return err
	}
	return b.node(ctx, c, "browser.mjs", path, allowedOrigin)
}

// node runs a program of the folder node, with the server's address and types,
// and counts the checks that it reports.
func (b *bench) node(ctx context.Context, c *checks, script string, args ...string) error {
	types, err := b.types(ctx)
	if err != nil {
		return err
	}
	dir, err := b.installNode(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, nodeTimeout)
	defer stop()
	cmd := exec.CommandContext(ctx, "node", append([]string{"--no-warnings", script, b.address, types}, args...)...)
	cmd.Dir = dir
	out, failure := cmd.CombinedOutput()
	if err := os.WriteFile(filepath.Join(b.out, script+".log"), out, 0o644); err != nil {
		return err
	}
	reported := 0
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "ok "); ok {
			c.note(name, nil)
		} else if failed, ok := strings.CutPrefix(line, "not ok "); ok {
			name, why, _ := strings.Cut(failed, ": ")
			c.note(name, errors.New(why))
		} else {
			continue
		}
		reported++
	}
	// A program that failed says so by its status too; one that breaks off does by nothing else.
	if reported == 0 || failure != nil && c.failed == 0 {
		return fmt.Errorf("%s broke off: %v\n%s", script, failure, tail(string(out), 8))
	}
	return nil
}

// installNode puts the folder node and its dependencies, pinned by its
// package-lock.json, where programs are built. It returns the folder there.
func (b *bench) installNode(ctx context.Context) (string, error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := find(program); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(b.out, "node")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir("node")
	if err != nil {
		return "", err
	}
	stale := false
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join("node", e.Name()))
		if err != nil {
			return "", err
		}
		target := filepath.Join(dir, e.Name())
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return "", err
		}
		stale = stale || strings.HasPrefix(e.Name(), "package")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil && !stale {
		return dir, nil
	}
	b.printf("   installing the packages of package-lock.json")
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		os.RemoveAll(filepath.Join(dir, "node_modules")) // so that the next run tries again
		return "", fmt.Errorf("npm ci: %w\n%s", err, tail(string(out), 8))
	}
	return dir, nil
}

// canceled looks into what the demo server printed: it must have learned of
// calls that clients gave up, through each protocol.
func canceled(_ context.Context, b *bench, c *checks) error {
	out := b.demo.output()
	for _, protocol := range []string{"grpc", "grpcweb", "connect"} {
		c.check("a canceled stream over "+protocol, func() error {
			for line := range strings.Lines(out) {
				fields := strings.Fields(line)
				if len(fields) > 4 && fields[1] == protocol && fields[2] == "Ticker/Tick" && strings.Contains(line, "canceled") {
					return nil
				}
			}
			return fmt.Errorf("the server's log, %s, tells of none", b.demo.log)
		})
	}
	return nil
}
