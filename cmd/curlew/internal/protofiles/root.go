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
	"sync"
)

// maxFound bounds how many files Find returns.
const maxFound = 50_000

// Find returns the .proto files below a folder, but for those in hidden folders
// and in folders named vendor, node_modules and testdata.
func Find(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if path != dir && Skipped(d.Name()) {
				return fs.SkipDir
			}
		case filepath.Ext(path) == ".proto":
			if len(found) == maxFound {
				return fmt.Errorf("%s has more than %d .proto files; name a folder in it", dir, maxFound)
			}
			found = append(found, path)
		}
		return nil
	})
	return found, err
}

// Skipped tells whether Find leaves out a folder of that name.
func Skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") ||
		slices.Contains([]string{"vendor", "node_modules", "testdata"}, folder)
}

// GoPackage returns what a file's go_package says, "" if it says nothing or cannot
// be read, which compiling it tells.
func GoPackage(path string) string { return outlineOf(path).goPackage }

// FindImportPaths returns the folders from which all imports of files resolve:
// one, where one is enough. It looks in the folders above the files, then at the
// files below base, then at all files of the repository or Go module. Where imports
// do not decide, a file whose folder is named like its package is below the folder
// that the package starts in, else base is taken.
func FindImportPaths(base string, files []string) ([]string, error) {
	s := &search{
		wants: make(map[string]map[string]bool), pkgs: make(map[string]string), seen: make(map[string]bool),
		base: base,
	}
	// A folder may be large, and parts of it may not be readable: what can be found
	// in it is asked for only where an import resolves from nowhere else.
	s.below = sync.OnceValue(func() []string {
		found, _ := Find(base)
		return found
	})
	s.all = sync.OnceValue(func() []string {
		above := ancestors(filepath.Join(base, "any"))
		i := slices.IndexFunc(above, isTop)
		if i <= 0 {
			return nil
		}
		found, _ := Find(above[i])
		return found
	})
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			hint := ""
			if near := Nearest(f, s.below()); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, fmt.Errorf("there is no file %s%s", f, hintAfter(hint))
		}
		s.read(f)
	}
	return s.choose(files), nil
}

// search collects which folders every import could be relative to.
type search struct {
	base  string
	below func() []string            // files below base
	all   func() []string            // files of the repository or Go module that base is in
	wants map[string]map[string]bool // import → folders that it resolves from
	pkgs  map[string]string          // file → folder that its package starts in
	seen  map[string]bool
}

// read adds the imports of a file, and those of the files that they may mean.
func (s *search) read(path string) {
	if s.seen[path] {
		return
	}
	s.seen[path] = true
	o := outlineOf(path)
	for _, i := range o.imports {
		s.want(path, i.name)
	}
	if o.pkg != "" {
		s.inPackage(path, o.pkg)
	}
}

func (s *search) inPackage(path, pkg string) {
	dir := filepath.Dir(path)
	root, ok := strings.CutSuffix("/"+filepath.ToSlash(dir), "/"+strings.ReplaceAll(pkg, ".", "/"))
	if !ok {
		return
	}
	root = strings.TrimPrefix(root, "/")
	switch {
	case root != "":
	case filepath.IsAbs(dir):
		root = "/"
	default:
		root = "."
	}
	s.pkgs[path] = filepath.FromSlash(root)
}

func (s *search) want(by, name string) {
	if Standard(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return
	}
	if s.wants[name] == nil {
		s.wants[name] = make(map[string]bool)
	}
	add := func(dir, path string) {
		s.wants[name][dir] = true
		s.read(path)
	}
	for _, dir := range ancestors(by) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			add(dir, path)
		}
	}
	if len(s.wants[name]) > 0 {
		return
	}
	for _, found := range []func() []string{s.below, s.all} {
		for _, path := range found() {
			if path == filepath.FromSlash(name) {
				add(".", path)
			} else if dir, ok := strings.CutSuffix(filepath.ToSlash(path), "/"+name); ok {
				add(filepath.FromSlash(dir), path)
			}
		}
		if len(s.wants[name]) > 0 {
			return
		}
	}
}

// ancestors returns the folder of a file and all above it. Names may begin with
// that of a repository's own folder, so that its root is not the last.
func ancestors(path string) []string {
	dir := filepath.Dir(path)
	all := []string{dir}
	abs, err := filepath.Abs(dir)
	for err == nil && abs != filepath.Dir(abs) {
		dir, abs = filepath.Join(dir, ".."), filepath.Dir(abs)
		all = append(all, dir)
	}
	return all
}

func isTop(dir string) bool {
	for _, name := range []string{"go.mod", ".git"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// choose takes the folder that most imports resolve from, then the next for those
// that are left, until none is left that resolves. Every file is below one of them.
func (s *search) choose(files []string) []string {
	var chosen []string
	for {
		count := make(map[string]int)
		for _, dirs := range s.wants {
			if slices.ContainsFunc(chosen, func(dir string) bool { return dirs[dir] }) {
				continue
			}
			for dir := range dirs {
				count[dir]++
			}
		}
		best := ""
		for _, dir := range sortedKeys(count) {
			if best == "" || count[dir] > count[best] {
				best = dir
			}
		}
		if best == "" {
			break
		}
		chosen = append(chosen, best)
	}
	for _, f := range files {
		if dir, ok := s.pkgs[f]; ok && relative(chosen, f) == "" {
			chosen = append(chosen, dir)
		}
	}
	for _, f := range files {
		if relative(chosen, f) != "" {
			continue
		}
		dir := s.base
		if _, ok := below(dir, f); !ok {
			dir = filepath.Dir(f)
		}
		chosen = append(chosen, dir)
	}
	return chosen
}
