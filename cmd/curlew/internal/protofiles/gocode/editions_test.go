// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gocode_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

// TestEditions compares with the code that the protobuf module itself has of its
// own test files: what a newer protoc than most have makes of edition 2023.
func TestEditions(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/protobuf").Output()
	if err != nil {
		t.Fatal(err)
	}
	module := strings.TrimSpace(string(out))
	var editions []string
	for _, dir := range []string{"internal/testprotos", "cmd/protoc-gen-go/testdata/protoeditions", "cmd/protoc-gen-go/testdata/featureresolution"} {
		files, err := protofiles.Find(filepath.Join(module, filepath.FromSlash(dir)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(source), "\nedition = \"2023\";\n") {
				editions = append(editions, file)
			}
		}
	}
	r, err := protofiles.Compile(t.Context(), []string{module}, editions...)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, fd := range r.Named {
		compared += compareWithModule(t, module, fd)
	}
	if compared < 40 {
		t.Errorf("%d files were compared", compared)
	}
}

// compareWithModule returns how many files it compared.
func compareWithModule(t *testing.T, module string, fd protoreflect.FileDescriptor) (n int) {
	t.Helper()
	code, err := gocode.Generate([]protoreflect.FileDescriptor{fd}, gocode.Options{Messages: true})
	if err != nil && strings.Contains(err.Error(), "is a MessageSet") {
		return 0 // which the protobuf module has in its own tests only
	}
	if err != nil {
		t.Errorf("%s: %v", fd.Path(), err)
		return 0
	}
	for _, f := range code {
		want, err := os.ReadFile(filepath.Join(module, filepath.FromSlash(f.Name)))
		if err != nil {
			t.Error(err)
			continue
		}
		compare(t, f.Name, fromPackage(string(f.Content)), fromPackage(string(want)))
		n++
	}
	return n
}

// enforceVersion is what code has that is not of the protobuf module.
var enforceVersion = regexp.MustCompile(`(?s)const \(\n\t// Verify that this generated code is sufficiently up-to-date.*?\n\)\n\n`)

// fromPackage leaves out the comments above package, where licences and versions
// stand, and the check of versions.
func fromPackage(content string) string {
	_, after, _ := strings.Cut(content, "\npackage ")
	return enforceVersion.ReplaceAllString(after, "")
}
