// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// golden are files that any protoc can compile, editions or not.
var golden = []string{"clash/clash", "empty/empty", "kinds/v1/kinds", "words/words"}

// TestProtoc runs the built plugin by protoc, where there is one. It must give
// what the golden files have, which were made without protoc.
func TestProtoc(t *testing.T) {
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("there is no protoc here; Debian has it in protobuf-compiler")
	}
	args := []string{"--curlew_opt=paths=source_relative", "-I../../testproto"}
	out := t.TempDir()
	args = append(args, "--plugin="+buildPlugin(t), "--curlew_out="+out)
	for _, name := range golden {
		args = append(args, name+".proto")
	}
	if output, err := exec.CommandContext(t.Context(), protoc, args...).CombinedOutput(); err != nil {
		t.Fatalf("protoc: %v\n%s", err, output)
	}
	compareGolden(t, out, golden)
}

// TestBuf does the same by buf, editions too.
func TestBuf(t *testing.T) {
	buf, err := exec.LookPath("buf")
	if err != nil {
		t.Skip("there is no buf here; see https://buf.build/docs/cli/installation")
	}
	out := t.TempDir()
	config := `{"version":"v2","plugins":[{"local":"` + filepath.ToSlash(buildPlugin(t)) + `","out":"` + filepath.ToSlash(out) + `","opt":"paths=source_relative"}]}`
	cmd := exec.CommandContext(t.Context(), buf, "generate", "--template", config, "../../testproto")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("buf: %v\n%s", err, output)
	}
	compareGolden(t, out, append(golden, "edition/edition"))
}

func buildPlugin(t *testing.T) string {
	t.Helper()
	plugin := filepath.Join(t.TempDir(), "protoc-gen-curlew")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "github.com/curlewrpc/curlew/cmd/protoc-gen-curlew")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	return plugin
}

func compareGolden(t *testing.T, out string, names []string) {
	t.Helper()
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(out, name+".curlew.go"))
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := os.ReadFile(filepath.Join("../../testdata", name+".curlew.go"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s.curlew.go is not the golden file:\n%s", name, got)
		}
	}
}
