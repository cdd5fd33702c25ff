// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// goPackage returns what a file's go_package says, "" and "" without one.
func goPackage(fd protoreflect.FileDescriptor) (importPath, name string) {
	options, _ := fd.Options().(*descriptorpb.FileOptions)
	importPath, name, _ = strings.Cut(options.GetGoPackage(), ";")
	return importPath, name
}

// module is a Go module; nil is none.
type module struct {
	dir, path string
}

// moduleOf returns the module that a folder, which need not be there, is in.
func moduleOf(dir string) *module {
	for above := absolute(dir); ; above = filepath.Dir(above) {
		content, err := os.ReadFile(filepath.Join(above, "go.mod"))
		switch {
		case err == nil:
			m := moduleLine.FindSubmatch(content)
			if m == nil {
				return nil
			}
			name := string(m[1])
			if unquoted, err := strconv.Unquote(name); err == nil {
				name = unquoted
			}
			return &module{dir: above, path: name}
		case above == filepath.Dir(above):
			return nil
		}
	}
}

var moduleLine = regexp.MustCompile(`(?m)^\s*module\s+(\S+)`)

// foreign tells whether an import path belongs to another module, as far as that
// can be seen: it starts with a domain, and not with the module's path.
func (m *module) foreign(importPath string) bool {
	domain, _, _ := strings.Cut(importPath, "/")
	return m != nil && strings.Contains(strings.TrimLeft(domain, "."), ".") &&
		importPath != m.path && !strings.HasPrefix(importPath, m.path+"/")
}

// packageOf returns the import path of a folder, "" if it is not in the module.
func (m *module) packageOf(dir string) string {
	if m == nil {
		return ""
	}
	rel, err := filepath.Rel(m.dir, absolute(dir))
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return path.Join(m.path, filepath.ToSlash(rel))
}

// packages finds the Go packages of files.
type packages struct {
	compiled *protofiles.Result
	settings *settings
	mappings map[string]string // what go_package does not say
}

// resolve sets mappings. It returns an error with each file that has no package.
func (p *packages) resolve(named []protoreflect.FileDescriptor) error {
	p.mappings = make(map[string]string)
	for name, pkg := range p.settings.Options.Mappings {
		if _, err := p.compiled.Files.FindFileByPath(name); err != nil {
			return fmt.Errorf("%s: options.mappings names %s, which no file imports; use names as in import", p.settings.file, name)
		}
		p.mappings[name] = pkg
	}
	var problems []protofiles.Problem
	seen := make(map[string]bool)
	var visit func(fd protoreflect.FileDescriptor)
	visit = func(fd protoreflect.FileDescriptor) {
		if seen[fd.Path()] {
			return
		}
		seen[fd.Path()] = true
		importPath, _ := goPackage(fd)
		switch prefix := p.settings.Options.GoPackage; {
		case importPath != "" || p.mappings[fd.Path()] != "":
		case prefix != "":
			p.mappings[fd.Path()] = withName(path.Join(prefix, path.Dir(fd.Path())))
		default:
			problems = append(problems, p.missing(fd, slices.Contains(named, fd)))
		}
		for i := range fd.Imports().Len() {
			visit(fd.Imports().Get(i).FileDescriptor)
		}
	}
	for _, fd := range named {
		visit(fd)
	}
	if len(problems) > 0 {
		return &protofiles.Error{Problems: problems}
	}
	return nil
}

// missing says what to write into a file that has no go_package.
func (p *packages) missing(fd protoreflect.FileDescriptor, isNamed bool) protofiles.Problem {
	at := fd.SourceLocations().ByPath(protoreflect.SourcePath{2}) // package
	if at.Path == nil {
		at = fd.SourceLocations().ByPath(protoreflect.SourcePath{12}) // syntax
	}
	module := moduleOf(p.folder(fd))
	importPath := module.packageOf(p.folder(fd))
	if importPath == "" {
		importPath = path.Join("example.com", path.Dir(fd.Path()))
	}
	hint := fmt.Sprintf("add: option go_package = %q;", withName(importPath))
	switch {
	case !isNamed:
		hint += fmt.Sprintf("\nor, if the file is not yours, map it in %s:\n  options: {mappings: {%s: its Go import path}}", configName, fd.Path())
	case module == nil:
		hint += "\nwith the path of your module instead of example.com; there is no go.mod in this folder or above it ('go mod init' makes one)"
	default:
		prefix := strings.TrimSuffix(importPath, "/"+path.Dir(fd.Path()))
		hint += fmt.Sprintf("\nor, for all files, set a prefix in %s:\n  options: {go_package: %s}", configName, prefix)
	}
	return p.compiled.Problem(fd, at, "this file does not say which Go package it belongs to", hint)
}

// folder returns where a file's code is written to, unless that is by Go import
// path.
func (p *packages) folder(fd protoreflect.FileDescriptor) string {
	if p.settings.Out != "" {
		return filepath.Join(p.settings.Out, filepath.FromSlash(path.Dir(fd.Path())))
	}
	return filepath.Dir(p.compiled.Path(fd.Path()))
}

// misplaced returns a note for each file whose code goes to another folder than
// its go_package says: what imports it will not compile.
func (p *packages) misplaced(named []protoreflect.FileDescriptor) []string {
	if p.settings.byImportPath() {
		return nil
	}
	var notes []string
	for _, fd := range named {
		importPath, _ := goPackage(fd)
		if mapped := p.mappings[fd.Path()]; mapped != "" {
			importPath, _, _ = strings.Cut(mapped, ";")
		}
		folder := p.folder(fd)
		if dir := moduleOf(folder).packageOf(folder); dir != "" && dir != importPath {
			notes = append(notes, fmt.Sprintf("%s: its go_package is %s, but its code is written to the package %s; one of them is wrong",
				p.compiled.Path(fd.Path()), importPath, dir))
		}
	}
	return notes
}

var version = regexp.MustCompile(`^v\d+((alpha|beta)\d*)?$`)

// withName adds a package's name to an import path whose last element is not one,
// or says too little: shop/v1 is package shopv1.
func withName(importPath string) string {
	last := path.Base(importPath)
	name := last
	if version.MatchString(last) && path.Dir(importPath) != "." {
		name = path.Base(path.Dir(importPath)) + last
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return -1
	}, name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "pb" + name
	}
	if name == last {
		return importPath
	}
	return importPath + ";" + name
}
