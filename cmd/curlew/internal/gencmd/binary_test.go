// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBinary generates with the built command, and builds what it made together
// with code that uses it.
func TestBinary(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "curlew")
	command(t, "go", "build", "-o", bin, "github.com/curlewrpc/curlew/cmd/curlew")

	goSum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	// The root's requirements are those of a module that requires only it.
	mod := strings.Replace(string(goMod), "module github.com/curlewrpc/curlew\n", "module example.com/shop\n\n"+
		"require github.com/curlewrpc/curlew v0.0.0\n\nreplace github.com/curlewrpc/curlew => "+root+"\n", 1)
	folder(t, map[string]string{
		"go.mod": mod, "go.sum": string(goSum), "shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto,
		"main.go": "package main\n\nimport shopv1 \"example.com/shop/shop/v1\"\n\nfunc main() { _ = (&shopv1.Item{Sku: \"a\"}).GetSku(); _ = shopv1.NewCartClient }\n",
	})
	if out := command(t, bin, "gen"); !strings.Contains(out, "3 files written, 0 unchanged") {
		t.Errorf("said %s", out)
	}
	command(t, "go", "build", "-mod=mod", "-o", os.DevNull, ".")
	command(t, bin, "gen", "--check")

	write(t, "shop/v1/item.proto", strings.Replace(itemProto, "sku", "code", 1))
	for _, tt := range []struct {
		args   []string
		status int
	}{{[]string{"gen", "--check"}, 1}, {[]string{"gen", "--nope"}, 2}} {
		var exit *exec.ExitError
		if err := exec.CommandContext(t.Context(), bin, tt.args...).Run(); !errors.As(err, &exit) || exit.ExitCode() != tt.status {
			t.Errorf("%q: %v, want status %d", tt.args, err, tt.status)
		}
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
