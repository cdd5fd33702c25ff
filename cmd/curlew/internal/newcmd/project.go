// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package newcmd

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"go/format"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles/gocode"
)

// templates has the files of projects: common to all, and of either kind.
//
//go:embed all:templates
var templates embed.FS

// project is what the templates know.
type project struct {
	Folder  string // shop-cart
	Package string // shopcart
	Service string // ShopCart
	Module  string
	Version string // of Curlew
	Replace string // Curlew's folder; "" is the version alone
	Plain   bool
}

// file is one of a project, its name with slashes.
type file struct {
	name    string
	content []byte
}

// taken are names that the templates or Go use for something else.
var taken = []string{
	"main", "internal", "vendor", "testdata", "service",
	"greetrequest", "greetresponse", "countdownrequest", "countdownresponse",
}

// newProject derives the names of a project from that of its folder.
func newProject(folder string) (*project, error) {
	p := &project{Folder: folder}
	for _, part := range strings.FieldsFunc(folder, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		for _, r := range part {
			if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
				return nil, fmt.Errorf("%q in the name %q cannot be part of a package's name; use letters, digits, - and _", r, folder)
			}
		}
		p.Package += strings.ToLower(part)
		p.Service += strings.ToUpper(part[:1]) + part[1:]
	}
	if name := strings.TrimSuffix(p.Service, "Service"); name != "" {
		p.Service = name // generated code adds it again
	}
	switch {
	case p.Package == "" || p.Package[0] <= '9':
		return nil, fmt.Errorf("the name %q does not begin with a letter, as the names of services do", folder)
	case token.IsKeyword(p.Package), slices.Contains(taken, p.Package), strings.HasSuffix(folder, "_test"):
		return nil, fmt.Errorf("%q cannot be the name of a Go package; take my-%s for example", folder, strings.TrimSuffix(folder, "_test"))
	}
	return p, nil
}

// Method returns the full name of a method to begin with.
func (p *project) Method() string {
	if p.Plain {
		return p.Service + "/Greet"
	}
	return p.Package + ".v1." + p.Service + "/Greet"
}

// files returns the project's files in order of their names, but for go.sum.
func (p *project) files(ctx context.Context) ([]file, error) {
	kind := "proto"
	if p.Plain {
		kind = "plain"
	}
	var files []file
	for _, dir := range []string{"templates/common", "templates/" + kind} {
		entries, err := fs.ReadDir(templates, dir)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			f, err := p.fill(path.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	if !p.Plain {
		generated, err := p.generate(ctx, files)
		if err != nil {
			return nil, err
		}
		files = append(files, generated...)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// fill fills in a template. Its name tells the file's.
func (p *project) fill(name string) (file, error) {
	t, err := template.ParseFS(templates, name)
	if err != nil {
		return file{}, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return file{}, err
	}
	f := file{strings.TrimSuffix(path.Base(name), ".tmpl"), b.Bytes()}
	switch f.name {
	case "service.proto":
		f.name = p.protoFile()
	case "service.go", "service_test.go":
		f.name = strings.Replace(f.name, "service", p.Package, 1)
	default:
		f.name = strings.Replace(strings.Replace(f.name, "cmd_", "cmd/", 1), "_main.go", "/main.go", 1)
	}
	if strings.HasSuffix(f.name, ".go") {
		if f.content, err = format.Source(f.content); err != nil {
			return file{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return f, nil
}

// protoRoot is the folder from which imports of .proto files resolve.
const protoRoot = "proto"

func (p *project) protoFile() string {
	return path.Join(protoRoot, p.Package, "v1", p.Package+".proto")
}

// generate returns the code for the project's .proto file.
func (p *project) generate(ctx context.Context, files []file) ([]file, error) {
	dir, err := os.MkdirTemp("", "curlew-new-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, f := range files {
		if f.name != p.protoFile() {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, f.content, 0o600); err != nil {
			return nil, err
		}
	}
	root := filepath.Join(dir, protoRoot)
	compiled, err := protofiles.Compile(ctx, []string{root}, strings.TrimPrefix(p.protoFile(), protoRoot+"/"))
	if err != nil {
		return nil, err
	}
	code, err := gocode.Generate(compiled.Named, gocode.Options{Messages: true, Services: true})
	if err != nil {
		return nil, err
	}
	var generated []file
	for _, f := range code {
		generated = append(generated, file{path.Join(protoRoot, f.Name), f.Content})
	}
	return generated, nil
}
