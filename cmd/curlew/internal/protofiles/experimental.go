// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/bufbuild/protocompile/experimental/ast"
	"github.com/bufbuild/protocompile/experimental/fdp"
	"github.com/bufbuild/protocompile/experimental/incremental"
	"github.com/bufbuild/protocompile/experimental/incremental/queries"
	"github.com/bufbuild/protocompile/experimental/ir"
	"github.com/bufbuild/protocompile/experimental/parser"
	"github.com/bufbuild/protocompile/experimental/report"
	"github.com/bufbuild/protocompile/experimental/seq"
	"github.com/bufbuild/protocompile/experimental/source"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Edition 2024 is known to protocompile's experimental compiler only. It gets the
// files of that edition and those that import them, directly or not; all others
// are the stable compiler's, also if they are imported by these.

// edition2024 finds the declaration, which is the first in a file.
var edition2024 = func() *regexp.Regexp {
	const gap = `(?:\s|//[^\n]*\n|(?s:/\*.*?\*/))*`
	return regexp.MustCompile(`^(?:\x{FEFF})?` + gap + `edition` + gap + `=` + gap + `["']2024["']`)
}()

func isEdition2024(content []byte) bool { return edition2024.Match(content) }

// parseExperimental reads a file of edition 2024.
func parseExperimental(content []byte, found found) outline {
	r := &report.Report{Options: report.Options{SuppressWarnings: true}}
	o := readOutline(content, r)
	for i := range r.Diagnostics {
		d := &r.Diagnostics[i]
		found(offsetIn(d), messageOf(d), d.Help())
	}
	return o
}

func readOutline(content []byte, r *report.Report) (o outline) {
	// What the parser does not survive becomes a diagnostic.
	defer r.CatchICE(false, nil)
	tree, _ := parser.Parse("", source.NewFile("", string(content)), r)
	o.pkg = tree.Package().Path().Canonicalized()
	for node := range tree.Imports() {
		name := node.ImportPath().AsLiteral().AsString()
		if !name.IsZero() {
			o.imports = append(o.imports, statement{name.Text(), node.ImportPath().Span().Start})
		}
	}
	for option := range tree.Options() {
		if value := option.Value.AsLiteral().AsString(); option.Path.IsIdents("go_package") && !value.IsZero() {
			o.goPackage = value.Text()
		}
	}
	for decl := range seq.Values(tree.Decls()) {
		def := decl.AsDef()
		if def.IsZero() {
			continue
		}
		switch def.Classify() {
		case ast.DefKindMessage, ast.DefKindEnum:
			o.types = append(o.types, def.Name().Canonicalized())
		}
	}
	return o
}

// offsetIn returns the offset that a diagnostic is about, -1 if there is none.
func offsetIn(d *report.Diagnostic) int {
	if at := d.Primary(); !at.IsZero() {
		return at.Start
	}
	return -1
}

func messageOf(d *report.Diagnostic) string {
	if d.Level() == report.ICE {
		return fmt.Sprintf("the compiler for edition 2024 failed: %s %q", d.Message(), d.Notes())
	}
	return d.Message()
}

// opener gives the compiler the files that were loaded.
type opener struct{ files map[string]*file }

func (o *opener) Open(name string) (*source.File, error) {
	if f := o.files[name]; f != nil {
		return source.NewFile(name, string(f.source)), nil
	}
	if Standard(name) {
		return source.WKTs().Open(name)
	}
	return nil, fs.ErrNotExist
}

// compileExperimental compiles files, of which none comes before what it imports,
// and returns them in that order.
func (l *loader) compileExperimental(ctx context.Context, names []string) ([]*descriptorpb.FileDescriptorProto, error) {
	if len(names) == 0 {
		return nil, nil
	}
	query := queries.FDS{Opener: &opener{l.files}, Session: new(ir.Session), Workspace: source.NewWorkspace(names...)}
	query.Options.Apply(fdp.IncludeSourceCodeInfo(true))
	executor := incremental.New(incremental.WithReportOptions(report.Options{SuppressWarnings: true}))
	results, diagnostics, err := incremental.Run(ctx, executor, query)
	if err != nil {
		if panicked := new(incremental.ErrPanic); errors.As(err, &panicked) {
			err = fmt.Errorf("the compiler for edition 2024 failed: %v", panicked.Panic)
		}
		return nil, fmt.Errorf("compile: %w", err)
	}
	for i := range diagnostics.Diagnostics {
		if d := &diagnostics.Diagnostics[i]; d.Level() <= report.Error {
			l.problemAt(d.File(), offsetIn(d), messageOf(d), d.Help())
		}
	}
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	if err := results[0].Fatal; err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	byName := make(map[string]*descriptorpb.FileDescriptorProto)
	for _, f := range results[0].Value.File {
		byName[f.GetName()] = f
	}
	files := make([]*descriptorpb.FileDescriptorProto, len(names))
	for i, name := range names {
		if files[i] = byName[name]; files[i] == nil {
			return nil, fmt.Errorf("compile: the compiler for edition 2024 has no result for %s", l.files[name].path)
		}
	}
	return files, nil
}
