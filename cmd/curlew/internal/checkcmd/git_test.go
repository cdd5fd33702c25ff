// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes a git repository with two revisions of a folder proto, "old"
// with v1 and HEAD with v2, and goes into it.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("NOT TESTED: git is not installed")
	}
	dir := files(t, map[string]string{
		"go.mod":                        "module example.com/shop\n",
		"api/proto/shop/v1/i.proto":     "syntax = \"proto3\";\npackage shop.v1;\nimport \"shop/v1/money.proto\";\nmessage Price { Money money = 1; }\n",
		"api/proto/shop/v1/money.proto": head + "message Money {\n  int64 units = 1;\n}\n",
	})
	// Nobody's configuration takes part.
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(dir, "none"))
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	git(t, "init", "-q")
	git(t, "add", ".")
	git(t, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "one")
	git(t, "tag", "old")
	write(t, "api/proto/shop/v1/money.proto", head+"message Money {\n  string units = 1;\n}\n")
	git(t, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-a", "-m", "two")
	return dir
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return string(out)
}

func TestRevision(t *testing.T) {
	dir := repository(t)
	for _, test := range []struct {
		name, in string
		args     []string
		want     string // in the output; "" for none
		was      string
	}{
		{"revision and folder", ".", []string{"old:api/proto", "api/proto"}, "api/proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/shop/v1/money.proto:4:3"},
		{"a folder below the root of imports", ".", []string{"old:api/proto/shop/v1", "api/proto/shop/v1"}, "api/proto/shop/v1/money.proto:4:3: wire", "was: old:"},
		{"against", ".", []string{"--against", "old", "api/proto"}, "api/proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"against, from below", "api", []string{"--against", "old", "proto"}, "proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"against, here", "api/proto", []string{"--against", "old", "."}, "shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"relative path", "api", []string{"old:./proto", "proto"}, "proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"one file", ".", []string{"old:api/proto/shop/v1/money.proto", "api/proto/shop/v1/money.proto"}, "api/proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"two revisions", ".", []string{"old:api/proto", "HEAD:api/proto"}, "HEAD:api/proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"import path", ".", []string{"-I", "api/proto", "old:api/proto/shop/v1", "api/proto/shop/v1"}, "api/proto/shop/v1/money.proto:4:3: wire", "was: old:api/proto/"},
		{"no change", ".", []string{"--against", "HEAD", "api/proto"}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(filepath.Join(dir, test.in))
			got := check(t, test.args...)
			status := 1
			if test.want == "" {
				status = 0
			}
			if got.status != status || !strings.HasPrefix(got.out, test.want) || !strings.Contains(got.out, test.was) {
				t.Errorf("%+v\nwant %q and %q", got, test.want, test.was)
			}
		})
	}
	if status := git(t, "status", "--porcelain"); status != "" {
		t.Errorf("the work tree changed:\n%s", status)
	}
}

func TestRevisionRefused(t *testing.T) {
	repository(t)
	write(t, "api/proto/shop/v1/bad.proto", head+"message {\n")
	git(t, "add", ".")
	git(t, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "three")
	for want, arg := range map[string]string{
		"git fetch":                            "nope:api/proto",
		"no .proto file":                       "old:api/nope",
		"starts with ./":                       "old:proto",
		"is no revision":                       "--output=x:api",
		"HEAD:api/proto/shop/v1/bad.proto:3:9": "HEAD:api/proto",
	} {
		got := check(t, "--", arg, "api/proto/shop/v1/money.proto")
		if got.status != 2 || got.out != "" || !strings.Contains(got.err, want) || strings.Contains(got.err, "curlew-check-") {
			t.Errorf("%s: %+v\nwant %q", arg, got, want)
		}
	}
}
