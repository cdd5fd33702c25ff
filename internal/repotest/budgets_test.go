// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"bytes"
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const (
	longestFile     = 700 // lines
	longestFunction = 120 // lines
)

const header = "// Copyright 2026 The Curlew Authors\n// SPDX-License-Identifier: Apache-2.0\n\n"

func checkLengths(r *repository) []problem {
	var problems []problem
	for _, f := range r.handwritten {
		if n := bytes.Count(f.source, []byte("\n")); n > longestFile {
			problems = append(problems, problemf(f.path, "the file has %d lines, %d at most; split it by topic", n, longestFile))
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := r.fset.Position(fn.End()).Line - r.fset.Position(fn.Pos()).Line + 1
			if n > longestFunction {
				problems = append(problems, problemf(r.at(fn.Pos()), "%s has %d lines, %d at most; split it", fn.Name.Name, n, longestFunction))
			}
		}
	}
	return problems
}

func checkHeaders(r *repository) []problem {
	var problems []problem
	for _, p := range r.packages {
		for _, f := range p.files {
			if !strings.HasPrefix(string(f.source), header) {
				problems = append(problems, problemf(f.path+":1", "begin the file (for a generated one: its source) with these two lines and an empty one:\n%s", header))
			}
		}
	}
	return problems
}

func checkPackageComments(r *repository) []problem {
	var problems []problem
	for _, p := range r.packages {
		var comments []string
		written := false
		for _, f := range p.files {
			written = written || f.kind == library && !f.generated
			if f.kind == library && f.syntax.Doc != nil {
				comments = append(comments, f.syntax.Doc.Text())
			}
		}
		want := "Package " + p.name + " "
		if p.name == "main" {
			want = "Command "
		}
		switch {
		case !written && len(comments) == 0: // tests or generated files only
		case len(comments) != 1:
			problems = append(problems, problemf(p.rel, "the package has %d package comments; write one, in doc.go", len(comments)))
		case !strings.HasPrefix(comments[0], want):
			problems = append(problems, problemf(p.rel, "the package comment does not begin with %q", want))
		}
	}
	return problems
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// checkForbidden looks for what no file may have.
func checkForbidden(r *repository) []problem {
	var problems []problem
	for p, f := range r.handwritten {
		found := func(at token.Pos, what string) { problems = append(problems, problemf(r.at(at), "%s", what)) }
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found(fn.Pos(), "func init runs unasked; do this in a constructor")
			}
		}
		for _, spec := range f.syntax.Imports {
			switch {
			case spec.Name != nil && spec.Name.Name == "_":
				found(spec.Pos(), "a blank import acts unseen; pass what it registers as a value (for files to embed use embed.FS)")
			case spec.Name != nil && spec.Name.Name == ".":
				found(spec.Pos(), "a dot import hides where names come from; import the package by name")
			case spec.Path.Value == `"C"` && p.module.dir == ".":
				found(spec.Pos(), "the root module has no cgo")
			}
		}
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname") {
					found(c.Pos(), "go:linkname reaches into private code; use an exported way")
				}
				if word := unfinished.FindString(c.Text); word != "" {
					found(c.Pos(), word+": finish it, or write it down elsewhere")
				}
			}
		}
	}
	for _, p := range r.packages {
		if assembly, _ := filepath.Glob(filepath.Join(r.root, p.rel, "*.s")); len(assembly) > 0 {
			problems = append(problems, problemf(p.rel, "there is no assembly in this repository: %s", filepath.Base(assembly[0])))
		}
	}
	return problems
}

// checkTests holds rules of tests, and of the packages that serve them.
func checkTests(r *repository) []problem {
	var problems []problem
	for p, f := range r.handwritten {
		if f.kind == library && !p.forTests() {
			continue
		}
		if imports(f, "time") {
			for _, pos := range uses(f, "time", "Sleep") {
				problems = append(problems, problemf(r.at(pos), "time.Sleep makes tests slow or flaky; wait for a channel, or use testing/synctest"))
			}
		}
		if p.module.dir == "." && imports(f, "testing") && !strings.Contains(constraint(f), "!race") {
			for _, pos := range uses(f, "testing", "AllocsPerRun") {
				problems = append(problems, problemf(r.at(pos), "allocations differ under the race detector; move the test into a file that begins with //go:build !race (%s)",
					"norace_test.go, which `make test` runs in a pass of its own"))
			}
		}
	}
	return problems
}

func imports(f *file, path string) bool {
	for _, spec := range f.syntax.Imports {
		if imported, _ := strconv.Unquote(spec.Path.Value); imported == path {
			return true
		}
	}
	return false
}

// uses returns where f names a member of a package that it imports by its name.
func uses(f *file, pkg, member string) []token.Pos {
	var found []token.Pos
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == member {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
				found = append(found, s.Pos())
			}
		}
		return true
	})
	return found
}

// constraint returns the file's //go:build line.
func constraint(f *file) string {
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			if c.Pos() < f.syntax.Package && strings.HasPrefix(c.Text, "//go:build ") {
				return c.Text
			}
		}
	}
	return ""
}
