// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gocode_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

const published = "testdata/published"

// importPathsOf returns the import paths of a folder below published.
func importPathsOf(set string) []string {
	paths := []string{filepath.Join(published, set)}
	for _, other := range []string{"googleapis", "gogo"} {
		if other != set {
			paths = append(paths, filepath.Join(published, other))
		}
	}
	return paths
}

// compileSet compiles all files of a folder below published.
func compileSet(t *testing.T, set string) *protofiles.Result {
	t.Helper()
	files, err := protofiles.Find(filepath.Join(published, set))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	r, err := protofiles.Compile(t.Context(), importPathsOf(set), files...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// packagesOf gives import paths to the files that have none.
func packagesOf(r *protofiles.Result) map[string]string {
	packages := make(map[string]string)
	for fd := range r.Files.RangeFiles {
		if options, ok := fd.Options().(*descriptorpb.FileOptions); ok && options.GetGoPackage() != "" {
			continue
		}
		packages[fd.Path()] = path.Join("example.com", path.Dir(fd.Path()))
	}
	return packages
}

var versionLine = regexp.MustCompile(`(?m)^// \tprotoc  .*\n`)

// TestSameAsProtoc compares with what protoc makes with the same generator.
func TestSameAsProtoc(t *testing.T) {
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("NOT COMPARED: there is no protoc here; install Debian's protobuf-compiler")
	}
	plugin := filepath.Join(t.TempDir(), "protoc-gen-go")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "google.golang.org/protobuf/cmd/protoc-gen-go")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sets, err := os.ReadDir(published)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		if !set.IsDir() {
			continue
		}
		t.Run(set.Name(), func(t *testing.T) {
			r := compileSet(t, set.Name())
			packages := packagesOf(r)
			got, err := gocode.Generate(r.Named, gocode.Options{Packages: packages, Messages: true})
			if err != nil {
				t.Fatal(err)
			}
			out := t.TempDir()
			args := []string{"--plugin=protoc-gen-go=" + plugin, "--go_out=" + out, "--go_opt=paths=source_relative"}
			for _, dir := range importPathsOf(set.Name()) {
				args = append(args, "-I"+dir)
			}
			for _, name := range slices.Sorted(maps.Keys(packages)) {
				args = append(args, "--go_opt=M"+name+"="+packages[name])
			}
			for _, fd := range r.Named {
				args = append(args, fd.Path())
			}
			if text, err := exec.CommandContext(t.Context(), protoc, args...).CombinedOutput(); err != nil {
				t.Fatalf("protoc: %v\n%s", err, text)
			}
			if len(got) != len(r.Named) {
				t.Errorf("%d files were generated from %d", len(got), len(r.Named))
			}
			for _, f := range got {
				want, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(f.Name)))
				if err != nil {
					t.Error(err)
					continue
				}
				compare(t, f.Name, versionLine.ReplaceAllString(string(f.Content), ""), versionLine.ReplaceAllString(string(want), ""))
			}
		})
	}
}

// compare shows the first line that differs.
func compare(t *testing.T, name, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Errorf("%s:%d\n got: %s\nwant: %s", name, i+1, g[i], w[i])
			return
		}
	}
	t.Errorf("%s has %d lines, want %d", name, len(g), len(w))
}
