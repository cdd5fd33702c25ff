// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Result is what Compile found out. Nobody changes it, so it may be used
// concurrently.
type Result struct {
	// Files has the files that were named and all that they import.
	Files *protoregistry.Files
	// Named has those that were named, in that order, each once.
	Named []protoreflect.FileDescriptor
	// ImportPaths are the folders that imports were looked for in: those given, or
	// those found.
	ImportPaths []string

	files map[string]*file // by name
}

// Path returns where a file was read from, as seen from the current folder; "" if
// it is one that is always there.
func (r *Result) Path(name string) string {
	if f := r.files[name]; f != nil {
		return f.path
	}
	return ""
}

// ImportPath returns the folder that a file's name is relative to, "" if the file
// is one that is always there.
func (r *Result) ImportPath(name string) string {
	if f := r.files[name]; f != nil {
		return f.dir
	}
	return ""
}

// Problem returns a problem at a place in a file, which an [Error] can list.
func (r *Result) Problem(fd protoreflect.FileDescriptor, at protoreflect.SourceLocation, message, hint string) Problem {
	f := r.files[fd.Path()]
	if f == nil {
		return Problem{File: fd.Path(), Message: message, Hint: hint}
	}
	return NewProblem(f.path, f.source, at.StartLine+1, at.StartColumn+1, message, hint)
}

// Compile compiles files, each the path of a file on disk or a name relative to
// one of the import paths. With no import paths it looks for them (see
// [FindImportPaths]). An error about the content of the files is an [*Error].
func Compile(ctx context.Context, importPaths []string, files ...string) (*Result, error) {
	if len(files) == 0 {
		return nil, errors.New("no .proto files to compile; name at least one")
	}
	if len(importPaths) == 0 {
		var err error
		if importPaths, err = FindImportPaths(".", files); err != nil {
			return nil, err
		}
	}
	l := newLoader(importPaths)
	names, err := l.names(files)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		l.load(name)
	}
	// Names do not resolve while imports are missing, and would only hide that.
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	linked, err := l.compile(ctx, names)
	if err != nil {
		return nil, err
	}
	r := &Result{Files: linked, ImportPaths: importPaths, files: l.files}
	for _, name := range names {
		fd, err := linked.FindFileByPath(name)
		if err != nil {
			return nil, fmt.Errorf("compile: %w", err)
		}
		r.Named = append(r.Named, fd)
	}
	return r, nil
}

// compile compiles the files that were loaded, and links them with what they
// import and with the named ones of those that are always there.
func (l *loader) compile(ctx context.Context, names []string) (*protoregistry.Files, error) {
	var stable, experimental []string
	for _, name := range names {
		if Standard(name) {
			stable = append(stable, name)
		}
	}
	for _, name := range l.order {
		if l.files[name].experimental {
			experimental = append(experimental, name)
		} else {
			stable = append(stable, name)
		}
	}
	linked, err := l.compileStable(ctx, stable)
	if err != nil {
		return nil, err
	}
	rest, err := l.compileExperimental(ctx, experimental)
	if err != nil {
		return nil, err
	}
	files, err := link(linked, rest)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return files, nil
}

// compileStable compiles files that neither are of edition 2024 nor import such.
func (l *loader) compileStable(ctx context.Context, names []string) ([]protoreflect.FileDescriptor, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.ResolverFunc(l.resolve),
		Reporter:       reporter.NewReporter(l.report, nil),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(ctx, names...)
	if problems := l.problems.err(); problems != nil {
		return nil, problems
	}
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	linked := make([]protoreflect.FileDescriptor, len(compiled))
	for i, fd := range compiled {
		linked[i] = fd
	}
	return linked, nil
}

// resolve gives the compiler a file that load has parsed.
func (l *loader) resolve(name string) (protocompile.SearchResult, error) {
	if fd := standard(name); fd != nil {
		return protocompile.SearchResult{Desc: fd}, nil
	}
	if f := l.files[name]; f != nil {
		return protocompile.SearchResult{Source: bytes.NewReader(f.source)}, nil
	}
	return protocompile.SearchResult{}, protoregistry.NotFound
}

// standard returns a file that is always there, nil if it is none of those.
func standard(name string) protoreflect.FileDescriptor {
	none := protocompile.ResolverFunc(func(string) (protocompile.SearchResult, error) {
		return protocompile.SearchResult{}, protoregistry.NotFound
	})
	found, err := protocompile.WithStandardImports(none).FindFileByPath(name)
	if err != nil {
		return nil
	}
	return found.Desc
}

// Standard tells whether a file is always there, whatever the import paths.
func Standard(name string) bool { return standard(name) != nil }

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
