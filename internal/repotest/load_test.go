// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A repository is a tree of modules, parsed.
type repository struct {
	root     string // of the file system
	fset     *token.FileSet
	modules  []*module // the root's first
	packages []*pkg    // of all modules
	broken   []problem // files that do not parse
}

type module struct {
	path string // as in import statements
	dir  string // relative to the repository, with slashes; "." is its root
}

type pkg struct {
	path   string // as in import statements
	rel    string // of the folder to the repository, with slashes
	name   string
	module *module
	files  []*file
}

// kind says who compiles a file.
type kind int

const (
	library  kind = iota
	inTest        // a test of the package itself
	external      // a test in a package of its own
)

type file struct {
	path      string // relative to the repository, with slashes
	source    []byte
	syntax    *ast.File
	kind      kind
	generated bool
	builds    bool // on this platform
}

// A problem is a broken rule: where, and what to do.
type problem string

func problemf(where, format string, args ...any) problem {
	return problem(where + ": " + fmt.Sprintf(format, args...))
}

// at renders a position as path:line.
func (r *repository) at(p token.Pos) string {
	position := r.fset.Position(p)
	return fmt.Sprintf("%s:%d", position.Filename, position.Line)
}

// lookup returns the package in the folder rel, nil if there is none.
func (r *repository) lookup(rel string) *pkg {
	i := slices.IndexFunc(r.packages, func(p *pkg) bool { return p.rel == rel })
	if i < 0 {
		return nil
	}
	return r.packages[i]
}

// load parses every Go file of the repository, for whatever platform.
func load(root string) (*repository, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	r := &repository{root: root, fset: token.NewFileSet()}
	err = r.walk(func(rel string) error {
		if path.Base(rel) == "go.mod" {
			r.modules = append(r.modules, &module{dir: path.Dir(rel)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(r.modules, func(a, b *module) int { return strings.Compare(a.dir, b.dir) })
	if len(r.modules) == 0 || r.modules[0].dir != "." {
		return nil, errors.New("there is no go.mod at the root of the repository")
	}
	for _, m := range r.modules {
		if err := r.loadModule(m); err != nil {
			return nil, fmt.Errorf("%s: %w", m.dir, err)
		}
	}
	return r, nil
}

// walk calls f with each file of the tree, but for those in folders that the go
// command ignores.
func (r *repository) walk(f func(rel string) error) error {
	return filepath.WalkDir(r.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != r.root && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(r.root, name)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(rel))
	})
}

// loadModule asks the go command for the module's packages. It resolves no
// imports, so that no other module is needed.
func (r *repository) loadModule(m *module) error {
	cmd := exec.Command("go", "list", "-find", "-e", "-json=Dir,ImportPath,Name,Module", "./...")
	cmd.Dir = filepath.Join(r.root, m.dir)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var listed struct {
			Dir, ImportPath, Name string
			Module                struct{ Path string }
		}
		if err := d.Decode(&listed); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		m.path = listed.Module.Path
		rel, err := filepath.Rel(r.root, listed.Dir)
		if err != nil {
			return err
		}
		p := &pkg{path: listed.ImportPath, rel: filepath.ToSlash(rel), name: listed.Name, module: m}
		if err := r.parse(p, listed.Dir); err != nil {
			return err
		}
		r.packages = append(r.packages, p)
	}
}

func (r *repository) parse(p *pkg, dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f := &file{path: path.Join(p.rel, filepath.Base(name)), source: source}
		f.syntax, err = parser.ParseFile(r.fset, f.path, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			r.broken = append(r.broken, problem(err.Error()))
			continue
		}
		f.generated = ast.IsGenerated(f.syntax)
		f.builds, _ = build.Default.MatchFile(dir, filepath.Base(name))
		switch {
		case !strings.HasSuffix(name, "_test.go"):
			f.kind = library
		case strings.HasSuffix(f.syntax.Name.Name, "_test"):
			f.kind = external
		default:
			f.kind = inTest
		}
		p.files = append(p.files, f)
	}
	return nil
}

// handwritten yields the files of all packages that people wrote.
func (r *repository) handwritten(yield func(*pkg, *file) bool) {
	for _, p := range r.packages {
		for _, f := range p.files {
			if !f.generated && !yield(p, f) {
				return
			}
		}
	}
}

// forTests says whether a package only serves tests.
func (p *pkg) forTests() bool {
	switch p.rel {
	case "curlewtest", "discovery/discoverytest", "internal/assert", "internal/repotest":
		return true
	}
	return p.rel == "wire/wiretest" || strings.HasPrefix(p.rel, "wire/wiretest/")
}
