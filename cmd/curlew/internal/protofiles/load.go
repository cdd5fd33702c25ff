// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/reporter"
)

// maxFile bounds the size of a .proto file.
const maxFile = 64 << 20

// loader reads and parses files and what they import, and gathers all that is
// wrong with them.
type loader struct {
	importPaths []string
	files       map[string]*file  // by name; nil where there is none
	nameOf      map[string]string // by path
	order       []string          // the names, none before those that it imports
	importing   []string          // the files that are being loaded, each imported by the one before
	types       map[string]string // where messages and enums are, by full name
	problems    problems
}

// file is a file on disk.
type file struct {
	dir    string // the import path that it is below
	path   string
	source []byte

	experimental bool // whether it is of edition 2024, or imports such a file
}

func newLoader(importPaths []string) *loader {
	return &loader{importPaths: importPaths, files: make(map[string]*file), types: make(map[string]string), nameOf: make(map[string]string)}
}

// names returns the names, relative to import paths, of what a user named.
func (l *loader) names(files []string) ([]string, error) {
	var names []string
	for _, f := range files {
		name, err := l.name(f)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (l *loader) name(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return "", fmt.Errorf("%s is a folder; name the .proto files in it", file)
	case err == nil:
		if name := relative(l.importPaths, file); name != "" {
			return name, nil
		}
		return "", fmt.Errorf("%s is below none of the import paths (%s); add its folder, or one above it, with -I",
			file, strings.Join(l.importPaths, ", "))
	}
	name := filepath.ToSlash(file)
	if _, path := l.find(name); path != "" || Standard(name) {
		return name, nil
	}
	return "", fmt.Errorf("there is no file %s, neither here nor below the import paths (%s)%s",
		file, strings.Join(l.importPaths, ", "), hintAfter(l.missingHint(name)))
}

// relative returns the name of a file relative to the import path that is nearest
// to it, "" if it is below none.
func relative(importPaths []string, path string) string {
	best := ""
	for _, dir := range importPaths {
		name, ok := below(dir, path)
		if ok && (best == "" || len(name) < len(best)) {
			best = name
		}
	}
	return best
}

// below returns the name of a file relative to a folder that it is below.
func below(dir, path string) (string, bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// find returns where a file is, and below which import path; "" if it is nowhere.
func (l *loader) find(name string) (dir, path string) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", ""
	}
	for _, dir := range l.importPaths {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return dir, path
		}
	}
	return "", ""
}

// Nearby returns a path as seen from the current folder, if it goes up from there.
func Nearby(path string) string {
	if !strings.HasPrefix(path, "..") {
		return path
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, abs); err == nil {
		return rel
	}
	return path
}

// load reads and parses a file and all that it imports.
func (l *loader) load(name string) {
	if _, ok := l.files[name]; ok || Standard(name) {
		return
	}
	dir, path := l.find(name)
	path = Nearby(path)
	source, err := readFile(path)
	if err != nil {
		l.problems.add(Problem{File: name, Message: err.Error()})
		return
	}
	l.nameOf[path] = name
	f := &file{dir: dir, path: path, source: source, experimental: isEdition2024(source)}
	l.files[name] = f
	o := parse(source, func(offset int, message string, help []string) { l.problemAt(name, offset, message, help) })
	l.declare(name, o)
	l.importing = append(l.importing, name)
	for _, s := range o.imports {
		l.imported(name, s)
		if other := l.files[s.name]; other != nil && other.experimental {
			f.experimental = true
		}
	}
	l.importing = l.importing[:len(l.importing)-1]
	l.order = append(l.order, name)
}

// imported loads a file that another imports.
func (l *loader) imported(by string, s statement) {
	name := s.name
	_, path := l.find(name)
	refuse := func(message, hint string) { l.problemAt(by, s.offset, message, []string{hint}) }
	switch {
	case Standard(name):
	case name == by:
		refuse("this file imports itself", "remove the import")
	case slices.Contains(l.importing, name):
		circle := append(slices.Clone(l.importing[slices.Index(l.importing, name):]), name)
		refuse("imports go round in a circle: "+strings.Join(circle, " → "),
			"move what both files need into a third")
	case l.otherName(path, name) != "":
		other := l.otherName(path, name)
		refuse(fmt.Sprintf("%s is imported as %q here and as %q elsewhere, so its types are there twice", Nearby(path), name, other),
			fmt.Sprintf("write import %q; or compile the files that use one name apart from those that use the other", other))
	case path == "":
		refuse(fmt.Sprintf("import %q: there is no such file below %s",
			name, strings.Join(l.importPaths, ", ")), l.missingHint(name))
	default:
		l.load(name)
	}
}

// otherName returns a name by which a file was loaded already, "" if there is none
// or only this.
func (l *loader) otherName(path, name string) string {
	if other := l.nameOf[Nearby(path)]; other != name {
		return other
	}
	return ""
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxFile)}
	}
	return os.ReadFile(path)
}

// report takes an error of the compiler and lets it go on.
func (l *loader) report(err reporter.ErrorWithPos) error {
	at := err.GetPosition()
	l.problemAt(at.Filename, offsetOf(at), stableMessage(err), nil)
	return nil
}

// problemAt adds what is wrong in a file, at an offset if that is not negative,
// and what the compiler says to do about it.
func (l *loader) problemAt(name string, offset int, message string, help []string) {
	p := Problem{File: name, Message: message, Hint: l.hintFor(message)}
	if p.Hint == "" {
		help = slices.DeleteFunc(slices.Clone(help), func(s string) bool { return strings.HasPrefix(s, "the full name of this scope") })
		p.Hint = strings.Join(help, "\n")
	}
	if f := l.files[name]; f != nil {
		p.File = f.path
		p.place(f.source, offset)
	}
	l.problems.add(p)
}
