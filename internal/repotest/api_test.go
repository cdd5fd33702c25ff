// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A ceiling is how many names a package may export. Methods and fields are
// listed, too, but do not count.
type ceiling struct {
	rel   string
	names int
}

var ceilings = []ceiling{{".", 90}, {"client", 40}, {"server", 40}, {"wire", 30}}

// checkAPI compares what packages export with the lists in testdata/api, which
// it writes if update is set, so that every addition is seen in a review.
func checkAPI(r *repository, ceilings []ceiling, update bool) []problem {
	var problems []problem
	for _, c := range ceilings {
		p := r.lookup(c.rel)
		if p == nil {
			continue
		}
		a := r.exports(p)
		if a.names > c.names {
			problems = append(problems, problemf(p.rel, "package %s exports %d names, %d more than it may; unexport some, or move some to another package",
				p.name, a.names, a.names-c.names))
		}
		golden := filepath.Join(r.root, "internal/repotest/testdata/api", p.name+".txt")
		got := fmt.Sprintf("# Package %s exports %d names, and may export %d.\n%s", p.name, a.names, c.names, strings.Join(a.lines, "\n")+"\n")
		if update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				problems = append(problems, problem(err.Error()))
			}
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				problems = append(problems, problem(err.Error()))
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, problem(err.Error()))
		}
		if diff := difference(string(want), got); diff != "" {
			problems = append(problems, problemf(p.rel, "the exported API has changed; if that is meant, run `make api` and commit the list\n%s", diff))
		}
	}
	return problems
}

// difference lists the lines that only one text has, the first of them.
func difference(old, now string) string {
	const most = 20
	was, is := strings.Split(old, "\n"), strings.Split(now, "\n")
	var lines []string
	for _, line := range was {
		if !slices.Contains(is, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			lines = append(lines, "+ "+line)
		}
	}
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("(and %d lines more)", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// api is what a package exports: sorted lines, of which names count.
type api struct {
	fset  *token.FileSet
	names int
	lines []string
}

func (r *repository) exports(p *pkg) *api {
	a := &api{fset: r.fset}
	for _, f := range p.files {
		if f.kind != library {
			continue
		}
		for _, d := range f.syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				a.function(d)
			case *ast.GenDecl:
				a.declaration(d)
			}
		}
	}
	slices.Sort(a.lines)
	a.lines = slices.Compact(a.lines) // platforms may have variants
	return a
}

func (a *api) name(line string) {
	if !slices.Contains(a.lines, line) {
		a.names++
		a.lines = append(a.lines, line)
	}
}

func (a *api) member(line string) { a.lines = append(a.lines, line) }

func (a *api) function(d *ast.FuncDecl) {
	if !d.Name.IsExported() {
		return
	}
	signature := d.Name.Name + strings.TrimPrefix(a.source(d.Type), "func")
	if d.Recv == nil {
		a.name("func " + signature)
		return
	}
	receiver := d.Recv.List[0].Type
	if base := strings.TrimPrefix(a.source(receiver), "*"); ast.IsExported(base) {
		a.member("method (" + a.source(receiver) + ") " + signature)
	}
}

func (a *api) declaration(d *ast.GenDecl) {
	var constType ast.Expr // repeats while a constant has neither type nor value
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				a.typeName(spec)
			}
		case *ast.ValueSpec:
			if spec.Type != nil || len(spec.Values) > 0 {
				constType = spec.Type
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					a.name(strings.TrimSpace(d.Tok.String() + " " + name.Name + " " + a.source(constType)))
				}
			}
		}
	}
}

func (a *api) typeName(spec *ast.TypeSpec) {
	name := spec.Name.Name
	if spec.TypeParams != nil {
		name += "[" + a.parameters(spec.TypeParams) + "]"
	}
	switch t := spec.Type.(type) {
	case *ast.StructType:
		a.name("type " + name + " struct")
		a.fields(spec.Name.Name, t)
	case *ast.InterfaceType:
		a.name("type " + name + " interface")
		a.methods(spec.Name.Name, t)
	default:
		if spec.Assign.IsValid() {
			name += " ="
		}
		a.name("type " + name + " " + a.source(t))
	}
}

func (a *api) fields(of string, t *ast.StructType) {
	for _, f := range t.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() {
				a.member("field " + of + "." + name.Name + " " + a.source(f.Type))
			}
		}
		if f.Names == nil {
			a.member("field " + of + " embeds " + a.source(f.Type))
		}
	}
}

func (a *api) methods(of string, t *ast.InterfaceType) {
	for _, f := range t.Methods.List {
		for _, name := range f.Names {
			if !name.IsExported() {
				a.member("method (" + of + ") unexported, so that no other package implements it")
				continue
			}
			a.member("method (" + of + ") " + name.Name + strings.TrimPrefix(a.source(f.Type), "func"))
		}
		if f.Names == nil {
			a.member("method (" + of + ") embeds " + a.source(f.Type))
		}
	}
}

func (a *api) parameters(list *ast.FieldList) string {
	var parts []string
	for _, f := range list.List {
		var names []string
		for _, n := range f.Names {
			names = append(names, n.Name)
		}
		parts = append(parts, strings.Join(names, ", ")+" "+a.source(f.Type))
	}
	return strings.Join(parts, ", ")
}

// source renders an expression on one line; a nil one as "".
func (a *api) source(e ast.Expr) string {
	if e == nil {
		return ""
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, a.fset, e); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
