// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/checkcmd/rules"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// version is one version of an interface.
type version struct {
	name    string // what the user called it
	set     rules.Set
	display func(file string) string // what a file is called in findings
	onDisk  bool                     // whether that is a path on disk
	live    bool                     // whether a server says so
}

// withoutServersOwn removes the services that each server has of its own, which may
// stand on one side only.
func (v *version) withoutServersOwn() {
	v.set = slices.DeleteFunc(v.set, func(file protoreflect.FileDescriptor) bool {
		name := string(file.Package())
		return strings.HasPrefix(name, "grpc.health.") || strings.HasPrefix(name, "grpc.reflection.")
	})
}

// loader reads versions.
type loader struct {
	importPaths []string
	target      *target.Flags
}

// open reads the version that an argument names.
func (l *loader) open(ctx context.Context, arg string) (*version, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && (info.IsDir() || filepath.Ext(arg) == ".proto"):
		return l.protos(ctx, arg)
	case err == nil:
		return descriptorSet(arg)
	case errors.Is(err, fs.ErrPermission):
		return nil, err
	case isAddress(arg):
		return l.server(ctx, arg)
	}
	if rev, path, ok := strings.Cut(arg, ":"); ok && rev != "" {
		return l.revision(ctx, rev, path)
	}
	return nil, fmt.Errorf("%s: there is no such file or folder; a git revision's is written REVISION:PATH, a server HOST:PORT", arg)
}

// address is a port after a colon, or a scheme.
var address = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://|^[^:/]*:[0-9]{1,5}$|^\[[0-9a-fA-F:.]+\]:[0-9]{1,5}$|^unix:`)

func isAddress(arg string) bool { return address.MatchString(arg) }

// protos compiles a file, or all that are below a folder.
func (l *loader) protos(ctx context.Context, path string) (*version, error) {
	result, err := compile(ctx, path, l.importPaths)
	if err != nil {
		return nil, err
	}
	return &version{name: path, set: result.Named, display: displayPath(result), onDisk: true}, nil
}

func compile(ctx context.Context, path string, importPaths []string) (*protofiles.Result, error) {
	base, files := filepath.Dir(path), []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if files, err = protofiles.Find(path); err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s: there is no .proto file in it, or below it outside of vendor, node_modules and testdata", path)
		}
		base = path
	}
	if len(importPaths) == 0 {
		var err error
		if importPaths, err = protofiles.FindImportPaths(base, files); err != nil {
			return nil, err
		}
	}
	return protofiles.Compile(ctx, importPaths, files...)
}

func displayPath(result *protofiles.Result) func(string) string {
	return func(file string) string {
		if path := result.Path(file); path != "" {
			return filepath.ToSlash(path)
		}
		return file
	}
}

func descriptorSet(path string) (*version, error) {
	s, err := source.DescriptorSet(path)
	if err != nil {
		return nil, err
	}
	return fromSource(path, s.Files), nil
}

// reflectionTimeout is how long a server may take to say what it has, if the user
// does not say so.
const reflectionTimeout = 30 * time.Second

// server asks a live server what it has.
func (l *loader) server(ctx context.Context, address string) (*version, error) {
	if !target.HasSchema(l.target.Protocol) {
		return nil, fmt.Errorf("%s: servers do not describe themselves by --protocol %s; use another one, or auto", address, l.target.Protocol)
	}
	c, err := l.target.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ctx, cancel := l.target.Context(ctx)
	defer cancel()
	if l.target.Timeout == 0 {
		ctx, cancel = context.WithTimeout(ctx, reflectionTimeout)
		defer cancel()
	}
	s, err := source.Reflect(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	v := fromSource(address, s.Files)
	v.live = true
	return v, nil
}

// fromSource returns a version with all files but those of google/, which others
// make.
func fromSource(name string, files *protoregistry.Files) *version {
	v := &version{name: name, display: func(file string) string { return file }}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(file.Path(), "google/") {
			v.set = append(v.set, file)
		}
		return true
	})
	slices.SortFunc(v.set, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	return v
}
