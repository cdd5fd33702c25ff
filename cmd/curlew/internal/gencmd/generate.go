// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

// output is a file to write.
type output struct {
	path    string
	content []byte
	before  []byte // what it was; nil if it is new
}

// generated is what the .proto files say.
type generated struct {
	importPaths []string
	changed     []output
	unchanged   int
	notes       []string // what a user may not expect
}

// generate compiles the inputs and compares the code with what is there. It
// writes nothing.
func (s *settings) generate(ctx context.Context) (*generated, error) {
	in, err := s.find()
	if err != nil {
		return nil, err
	}
	compiled, err := protofiles.Compile(ctx, s.ImportPaths, in.files...)
	if err != nil {
		return nil, err
	}
	g := &generated{importPaths: compiled.ImportPaths}
	if note := in.note(); note != "" {
		g.notes = append(g.notes, note)
	}
	named := slices.DeleteFunc(slices.Clone(compiled.Named), func(fd protoreflect.FileDescriptor) bool {
		if !protofiles.Standard(fd.Path()) {
			return false
		}
		g.notes = append(g.notes, "left out, as the protobuf module has its code: "+fd.Path())
		return true
	})
	if len(named) == 0 {
		return nil, errors.New("nothing to generate\n" + strings.Join(g.notes, "\n"))
	}
	p := &packages{compiled: compiled, settings: s}
	if err := p.resolve(named); err != nil {
		return nil, err
	}
	g.notes = append(g.notes, p.misplaced(named)...)
	files := make(map[string][]byte)
	for dir, group := range s.groups(compiled, named) {
		code, err := gocode.Generate(group, s.codeOptions(p.mappings))
		if err != nil {
			return nil, err
		}
		for _, f := range code {
			path := protofiles.Nearby(filepath.Join(dir, filepath.FromSlash(f.Name)))
			if _, twice := files[path]; twice {
				return nil, fmt.Errorf("two .proto files make %s; give their code different places with --out, or rename one", path)
			}
			files[path] = f.Content
		}
	}
	return g, g.compare(files)
}

// inputs are the .proto files to generate, and those that are left out, as they
// were found in a folder and are the code of others. What others publish may
// import what is not here.
type inputs struct {
	files, foreign []string
}

func (s *settings) find() (*inputs, error) {
	in := new(inputs)
	where := s.Inputs
	if len(where) == 0 {
		where = []string{"."}
	}
	for _, path := range where {
		path = filepath.Clean(path)
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			// A name relative to an import path, or none, which compiling tells.
			in.files = append(in.files, path)
			continue
		}
		found, err := protofiles.Find(path)
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			importPath, _, _ := strings.Cut(protofiles.GoPackage(file), ";")
			if moduleOf(filepath.Dir(file)).foreign(importPath) {
				in.foreign = append(in.foreign, file)
			} else {
				in.files = append(in.files, file)
			}
		}
	}
	slices.Sort(in.files)
	in.files = slices.Compact(in.files)
	switch {
	case len(in.files) > 0:
		return in, nil
	case len(in.foreign) > 0:
		return nil, errors.New("nothing to generate\n" + in.note())
	}
	return nil, fmt.Errorf("there are no .proto files in %s; name files or folders, or write one", strings.Join(where, ", "))
}

// note says what is left out, "" for nothing.
func (in *inputs) note() string {
	if len(in.foreign) == 0 {
		return ""
	}
	return "left out, as their go_package is of another module (name them to generate them nevertheless): " + some(in.foreign)
}

// groups returns the files by the folder that the names of their code are
// relative to.
func (s *settings) groups(compiled *protofiles.Result, named []protoreflect.FileDescriptor) map[string][]protoreflect.FileDescriptor {
	groups := make(map[string][]protoreflect.FileDescriptor)
	for _, fd := range named {
		dir := s.Out
		switch {
		case dir != "":
		case s.byImportPath():
			dir = topFolder()
		default:
			dir = compiled.ImportPath(fd.Path())
		}
		groups[dir] = append(groups[dir], fd)
	}
	return groups
}

// topFolder returns the folder of the module that the current folder is in, and
// the current folder if it is in none.
func topFolder() string {
	if module := moduleOf("."); module != nil {
		if dir, err := filepath.Rel(absolute("."), module.dir); err == nil {
			return dir
		}
	}
	return "."
}

func (s *settings) byImportPath() bool { return s.Options.Paths == "import" }

func (s *settings) codeOptions(mappings map[string]string) gocode.Options {
	o := gocode.Options{
		Import: s.byImportPath(), Module: s.Options.Module,
		Packages: mappings, API: s.Options.API, PackageSuffix: s.Options.PackageSuffix,
		Messages: s.Plugins.Go == nil || *s.Plugins.Go,
		Services: s.Plugins.Curlew == nil || *s.Plugins.Curlew,
	}
	if module := moduleOf("."); o.Import && o.Module == "" && s.Out == "" && module != nil {
		o.Module = module.path
	}
	return o
}

// compare tells what is to be written.
func (g *generated) compare(files map[string][]byte) error {
	for _, path := range slices.Sorted(maps.Keys(files)) {
		content := files[path]
		before, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case bytes.Equal(before, content):
			g.unchanged++
			continue
		case !bytes.Contains(before, []byte("// Code generated ")):
			return fmt.Errorf("%s was written by hand; move it, or generate into another folder with --out", path)
		}
		g.changed = append(g.changed, output{path, content, before})
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// some lists a few names.
func some(names []string) string {
	const few = 3
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
