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
// own test files: what a newer protoc than most have makes of editions.
func TestEditions(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/protobuf").Output()
	if err != nil {
		t.Fatal(err)
	}
	module := strings.TrimSpace(string(out))
	for edition, atLeast := range map[string]int{"2023": 40, "2024": 6} {
		t.Run(edition, func(t *testing.T) {
			r, err := protofiles.Compile(t.Context(), []string{module}, filesOfEdition(t, module, edition)...)
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for _, fd := range r.Named {
				compared += compareWithModule(t, module, fd)
			}
			if compared < atLeast {
				t.Errorf("%d files were compared", compared)
			}
		})
	}
}

// filesOfEdition returns the files that have their code beside them.
func filesOfEdition(t *testing.T, module, edition string) []string {
	t.Helper()
	var of []string
	for _, dir := range []string{"internal/testprotos", "cmd/protoc-gen-go/testdata"} {
		files, err := protofiles.Find(filepath.Join(module, filepath.FromSlash(dir)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if _, err := os.Stat(strings.TrimSuffix(file, ".proto") + ".pb.go"); err != nil {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(source), "\nedition = \""+edition+"\";\n") {
				of = append(of, file)
			}
		}
	}
	return of
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
