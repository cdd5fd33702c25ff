// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goModule = "module example.com/m\n\ngo 1.26\n"

// made loads a repository of these files. It adds a go.mod where the root has
// none, and the header to Go files that do not begin with a comment.
func made(t *testing.T, files map[string]string) *repository {
	t.Helper()
	root := t.TempDir()
	if files["go.mod"] == "" {
		write(t, root, "go.mod", goModule)
	}
	for path, content := range files {
		if strings.HasSuffix(path, ".go") && !strings.HasPrefix(content, "//") {
			content = header + content
		}
		write(t, root, path, content)
	}
	r, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, root, path, content string) {
	t.Helper()
	path = filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// typed returns the packages of r.
func typed(t *testing.T, r *repository) []typedPackage {
	t.Helper()
	packages, err := typeCheck(r)
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// expect fails unless there is one problem for each of want, which begins with it.
func expect(t *testing.T, problems []problem, want ...string) {
	t.Helper()
	for _, w := range want {
		found := 0
		for _, p := range problems {
			if strings.HasPrefix(string(p), w) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d problems begin with %q, want one", found, w)
		}
	}
	if len(problems) != len(want) || t.Failed() {
		t.Errorf("there are %d problems, want %d: %q", len(problems), len(want), problems)
	}
}

func TestRanks(t *testing.T) {
	table := []rank{{"low", 1, ""}, {"mid/...", 2, ""}, {"mid/special", 4, ""}, {"high", 3, ""}, {"internal/x", 0, ""}, {"nested/...", 0, ""}}
	r := made(t, map[string]string{
		"low/low.go":                 "package low\n\nimport _ \"example.com/m/internal/x\"\n",
		"low/windows.go":             "//go:build windows\n\npackage low\n\nimport _ \"example.com/m/high\"\n",
		"mid/a/a.go":                 "package a\n\nimport _ \"example.com/m/low\"\n",
		"mid/b/b.go":                 "package b\n\nimport _ \"example.com/m/mid/a\"\n",
		"mid/special/special.go":     "package special\n\nimport _ \"example.com/m/mid/a\"\n",
		"high/high.go":               "package high\n",
		"mid/a/in_test.go":           "package a\n\nimport _ \"example.com/m/high\"\n",
		"mid/a/ex_test.go":           "package a_test\n\nimport _ \"example.com/m/high\"\n",
		"internal/x/x.go":            "package x\n",
		"unknown/u.go":               "package unknown\n",
		"nested/go.mod":              "module example.com/m/nested\n\ngo 1.26\n",
		"nested/n.go":                "package nested\n\nimport _ \"example.com/m/internal/x\"\n",
		"nested/n_test.go":           "package nested_test\n\nimport _ \"example.com/m/high\"\n",
		"low/testdata/bad/bad.go":    "package bad\n\nimport _ \"example.com/m/high\"\n",
		"nested/internal/own/own.go": "package own\n",
	})
	expect(t, checkRanks(r, table),
		"low/windows.go:5: low has rank 1",
		"mid/b/b.go:6: mid/b has rank 2",
		"mid/a/in_test.go:6: mid/a has rank 2",
		"nested/n.go:6: example.com/m/internal/x is internal",
		"unknown: this package has no rank")
}

func TestAPI(t *testing.T) {
	const source = `package m

const (
	A Kind = iota
	B
	hidden
)

var ErrX, errY error

type Kind uint8

type Pair[K comparable, V any] struct {
	Key   K
	Value V
	lock  int
	Kind
}

type Doer interface {
	Do(what string) error
	sealed()
}

type Same = Kind

func (*Pair[K, V]) Swap(other *Pair[K, V]) {}
func (p Pair[K, V]) private()             {}
func (hiddenType) Exported()              {}

type hiddenType struct{}

func Make[T any](of ...T) (a, b *T) { return nil, nil }
`
	const want = `# Package m exports 8 names, and may export 8.
const A Kind
const B Kind
field Pair embeds Kind
field Pair.Key K
field Pair.Value V
func Make[T any](of ...T) (a, b *T)
method (*Pair[K, V]) Swap(other *Pair[K, V])
method (Doer) Do(what string) error
method (Doer) unexported, so that no other package implements it
type Doer interface
type Kind uint8
type Pair[K comparable, V any] struct
type Same = Kind
var ErrX error
`
	r := made(t, map[string]string{"m.go": source, "other_test.go": "package m\n\nfunc InTest() {}\n"})
	ceilings := []ceiling{{".", 8}, {"missing", 1}}
	expect(t, checkAPI(r, ceilings, false), ".: the exported API has changed")
	expect(t, checkAPI(r, ceilings, true))
	expect(t, checkAPI(r, ceilings, false))
	got, err := os.ReadFile(filepath.Join(r.root, "internal/repotest/testdata/api/m.txt"))
	if err != nil || string(got) != want {
		t.Errorf("list is\n%s(%v), want\n%s", got, err, want)
	}
	expect(t, checkAPI(r, []ceiling{{".", 7}}, false), ".: package m exports 8 names, 1 more", ".: the exported API has changed")
}

func TestRequirements(t *testing.T) {
	r := made(t, map[string]string{
		"go.mod": goModule + "\nrequire (\n\tgoogle.golang.org/protobuf v1.36.0\n\texample.com/other v1.0.0 // indirect\n)\n\n" +
			"replace example.com/other => ./other\n",
		"a.go": "package m\n",
		"n/go.mod": "module example.com/m/n\n\ngo 1.25\n\nrequire google.golang.org/protobuf v1.35.0\n\n" +
			"replace (\n\texample.com/m => ../\n\texample.com/m/o => /abs\n\texample.com/x => ../x\n)\n",
		"n/n.go": "package n\n",
	})
	expect(t, checkRequirements(r),
		"go.mod: the root module must not require example.com/other",
		"go.mod: the root module has no replacements",
		"n/go.mod: is for go 1.25",
		"n/go.mod: replaces example.com/m/o",
		"n/go.mod: replaces example.com/x",
		"n/go.mod: requires google.golang.org/protobuf v1.35.0")
}

func TestLengths(t *testing.T) {
	function := func(lines int) string { return "func f() {\n" + strings.Repeat("\tf()\n", lines-2) + "}\n" }
	r := made(t, map[string]string{
		"a/fits.go": "package a\n\n" + function(120) + strings.Repeat("\n", 575),
		"b/file.go": "package b\n" + strings.Repeat("\n", 697),
		"c/func.go": "package c\n\n" + function(121),
		"d/gen.go":  "// Code generated by hand. DO NOT EDIT.\n\npackage d\n" + strings.Repeat("\n", 700),
	})
	expect(t, checkLengths(r), "b/file.go: the file has 701 lines", "c/func.go:6: f has 121 lines")
}

func TestHeadersAndPackageComments(t *testing.T) {
	r := made(t, map[string]string{
		"a/doc.go":    "// Package a is documented.\npackage a\n",
		"b/b.go":      header + "package b\n",
		"c/c.go":      header + "// Package c is documented\npackage c\n",
		"c/twice.go":  header + "// Package c is, too.\npackage c\n",
		"d/doc.go":    header + "// This is package d.\npackage d\n",
		"e/main.go":   header + "// Command e is documented.\npackage main\n",
		"f/f_test.go": header + "package f_test\n",
		"g/g.pb.go":   header + "// Code generated by protoc. DO NOT EDIT.\n\npackage g\n",
	})
	expect(t, checkHeaders(r), "a/doc.go:1: begin the file")
	expect(t, checkPackageComments(r),
		"b: the package has 0 package comments", "c: the package has 2 package comments", "d: the package comment does not begin with")
}

func TestForbidden(t *testing.T) {
	r := made(t, map[string]string{
		"a/a.go": `package a

import (
	_ "embed"
	. "fmt"
	_ "unsafe"
)

//go:linkname now time.now
func now() int64

// TODO: the rest.
func init() { Println(now()) }

type t struct{}

func (t) init() {}
`,
		"a/gen.pb.go": "// Code generated by hand. DO NOT EDIT.\n\npackage a\n\nfunc init() {}\n",
		"a/a.s":       "",
	})
	expect(t, checkForbidden(r), "a/a.go:7: a blank import", "a/a.go:8: a dot import", "a/a.go:9: a blank import",
		"a/a.go:12: go:linkname", "a/a.go:15: TODO", "a/a.go:16: func init", "a: there is no assembly")
}

func TestTests(t *testing.T) {
	const sleeper = "package a\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc f() { time.Sleep(1); testing.AllocsPerRun(1, nil) }\n"
	r := made(t, map[string]string{
		"a/library.go":         sleeper,
		"a/a_test.go":          sleeper,
		"a/norace_test.go":     header + "//go:build !race\n\n" + strings.ReplaceAll(sleeper, "Sleep", "After"),
		"curlewtest/helper.go": strings.ReplaceAll(sleeper, "package a", "package curlewtest"),
	})
	expect(t, checkTests(r), "a/a_test.go:11: time.Sleep", "a/a_test.go:11: allocations differ",
		"curlewtest/helper.go:11: time.Sleep", "curlewtest/helper.go:11: allocations differ")
}

func TestPaths(t *testing.T) {
	home := "/ho" + "me/ada/curlew"
	r := made(t, map[string]string{
		"README.md":       "See `" + home + "`.\nGET https://example.com" + home + "\n",
		"Makefile":        "build:\n\tcd " + "/ro" + "ot && make\n",
		"docs/network.md": "work/main is relative, /tmp/curlew.sock is anybody's\n",
		"binary":          "\x00 " + home,
		".git/config":     home,
	})
	expect(t, checkPaths(r), "README.md:1: ", "Makefile:2: ")
}
