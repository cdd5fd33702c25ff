// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// module is one module of the repository.
type module struct {
	path   string
	dir    string // in the repository, with slashes; "." is its root
	files  []string
	public bool
}

// private are the folders of the root whose modules are not released; neither
// is anything below a folder called internal.
var private = []string{"bench", "examples"}

// findModules lists the modules of the work tree, the root's first, each with
// its files, relative to it.
func findModules(ctx context.Context, root string) ([]module, error) {
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	files = slices.DeleteFunc(files, func(f string) bool { // deleted, but not yet in a commit
		_, err := os.Lstat(filepath.Join(root, f))
		return err != nil
	})

	var modules []module
	for _, f := range files {
		if path.Base(f) != "go.mod" || strings.Contains(f, "testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			return nil, err
		}
		dir := path.Dir(f)
		modules = append(modules, module{path: modfile.ModulePath(content), dir: dir, public: isPublic(dir)})
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
	if len(modules) == 0 || modules[0].dir != "." {
		return nil, errors.New("there is no go.mod at the root of the repository")
	}
	for _, f := range files {
		owner := &modules[ownerOf(modules, f)]
		rel, err := filepath.Rel(filepath.FromSlash(owner.dir), filepath.FromSlash(f))
		if err != nil {
			return nil, err
		}
		owner.files = append(owner.files, filepath.ToSlash(rel))
	}
	return modules, nil
}

func isPublic(dir string) bool {
	elements := strings.Split(dir, "/")
	return !slices.Contains(elements, "internal") && !slices.Contains(private, elements[0])
}

// ownerOf returns the index of the innermost module that holds the file.
func ownerOf(modules []module, file string) int {
	owner := 0
	for i, m := range modules {
		if strings.HasPrefix(file, m.dir+"/") && len(m.dir) > len(modules[owner].dir) {
			owner = i
		}
	}
	return owner
}

// released returns the go.mod that a release of m has: without replacements,
// and with every module of the repository at the released version.
func released(m module, goMod []byte, modules []module) ([]byte, error) {
	file, err := modfile.Parse(path.Join(m.dir, "go.mod"), goMod, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Clone(file.Replace) {
		if !modfile.IsDirectoryPath(r.New.Path) || filepath.IsAbs(r.New.Path) {
			return nil, fmt.Errorf("%s replaces %s by %s: users do not get a replacement, so only modules of the repository may be replaced, by a relative path",
				file.Syntax.Name, r.Old.Path, r.New.Path)
		}
		if err := file.DropReplace(r.Old.Path, r.Old.Version); err != nil {
			return nil, err
		}
	}
	for _, r := range slices.Clone(file.Require) {
		i := slices.IndexFunc(modules, func(m module) bool { return m.path == r.Mod.Path })
		if i < 0 {
			continue
		}
		if !modules[i].public {
			return nil, fmt.Errorf("%s requires %s, which is not released", file.Syntax.Name, r.Mod.Path)
		}
		if err := file.AddRequire(r.Mod.Path, version); err != nil {
			return nil, err
		}
	}
	file.Cleanup()
	return file.Format()
}
