// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A checker finds out the types in the packages of a repository: from source
// for its own packages, from compiled export data for the standard library.
// Modules of others may not be on this machine and stay unknown; errors of types
// are the compiler's business. So the types of some expressions are invalid.
type checker struct {
	repo    *repository
	std     types.Importer
	byPath  map[string]*pkg
	checked map[string]*types.Package
}

// typedPackage is a package with its in-package tests.
type typedPackage struct {
	*pkg
	types *types.Package
	info  *types.Info
}

// typeCheck returns the repository's packages.
func typeCheck(r *repository) ([]typedPackage, error) {
	exports, err := standardLibrary(r)
	if err != nil {
		return nil, err
	}
	c := &checker{repo: r, byPath: make(map[string]*pkg), checked: make(map[string]*types.Package)}
	c.std = importer.ForCompiler(r.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range r.packages {
		c.byPath[p.path] = p
	}
	var all []typedPackage
	for _, p := range r.packages {
		info := &types.Info{
			Types:      make(map[ast.Expr]types.TypeAndValue),
			Defs:       make(map[*ast.Ident]types.Object),
			Uses:       make(map[*ast.Ident]types.Object),
			Selections: make(map[*ast.SelectorExpr]*types.Selection),
		}
		all = append(all, typedPackage{p, c.check(p, info), info})
	}
	return all, nil
}

// standardLibrary returns the files with the export data of the packages that
// the repository uses, by import path.
func standardLibrary(r *repository) (map[string]string, error) {
	paths := make(map[string]bool)
	for _, p := range r.packages {
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				name, _ := strconv.Unquote(spec.Path.Value)
				if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") && name != "C" && name != "unsafe" {
					paths[name] = true
				}
			}
		}
	}
	exports := make(map[string]string)
	if len(paths) == 0 {
		return exports, nil
	}
	args := []string{"list", "-e", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", "--"}
	cmd := exec.Command("go", append(args, slices.Sorted(maps.Keys(paths))...)...)
	cmd.Dir, cmd.Env = r.root, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %w\n%s", err, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[name] = file
	}
	return exports, nil
}

// Import returns a package as others see it.
func (c *checker) Import(name string) (*types.Package, error) {
	if name == "unsafe" {
		return types.Unsafe, nil
	}
	if done := c.checked[name]; done != nil {
		return done, nil
	}
	if p := c.byPath[name]; p != nil {
		c.checked[name] = unknown(name) // should packages import each other
		c.checked[name] = c.check(p, nil)
		return c.checked[name], nil
	}
	if done, err := c.std.Import(name); err == nil {
		return done, nil
	}
	c.checked[name] = unknown(name)
	return c.checked[name], nil
}

// unknown stands for a package that is not there.
func unknown(name string) *types.Package {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p
}

// check finds out the types of p; with info, of its in-package tests, too.
func (c *checker) check(p *pkg, info *types.Info) *types.Package {
	var files []*ast.File
	for _, f := range p.files {
		if f.builds && (f.kind == library || f.kind == inTest && info != nil) {
			files = append(files, f.syntax)
		}
	}
	config := types.Config{Importer: c, Error: func(error) {}, FakeImportC: true}
	checked, _ := config.Check(p.path, c.repo.fset, files, info)
	return checked
}
