// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command gen makes the generated files of this repository from its .proto
// files: Go, or descriptors only. It needs no protoc: it compiles with
// protocompile, runs the pinned protoc-gen-go of this module for messages, and
// protoc-gen-curlew in this process for services. Run it in this module:
//
//	go run ./gen           # write
//	go run ./gen -check    # write nothing, fail if something would change
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// source is a folder of .proto files.
type source struct {
	folder     string // relative to the repository; all below it is compiled
	importRoot string // what the paths in import statements begin at
	// descriptors is a file that gets the files' google.protobuf.FileDescriptorSet,
	// for packages that must not register them. Then no Go is generated for messages.
	descriptors string
	// services is a folder that gets what protoc-gen-curlew makes of the files.
	// Those who keep it to compare with it need the comments of the descriptors, too.
	services string
}

// sources is all that is generated. A Go file stands beside its .proto file.
var sources = []source{
	{folder: "examples/proto", importRoot: "examples/proto", services: "examples/proto"},
	{folder: "wire/wiretest/internal", importRoot: "."},
	{folder: "bench/echopb", importRoot: "."},
	{folder: "health/proto", importRoot: "health/proto", descriptors: "health/descriptors.binpb"},
	{folder: "reflection/proto", importRoot: "reflection/proto", descriptors: "reflection/descriptors.binpb"},
	{folder: "wire/jsonhttp/testproto", importRoot: "wire/jsonhttp/testproto", descriptors: "wire/jsonhttp/testproto/descriptors.binpb"},
	{folder: "internal/conformance/proto", importRoot: "internal/conformance/proto"},
	{
		folder: "cmd/protoc-gen-curlew/testproto", importRoot: "cmd/protoc-gen-curlew/testproto",
		descriptors: "cmd/protoc-gen-curlew/testdata/descriptors.binpb", services: "cmd/protoc-gen-curlew/testdata",
	},
}

func main() {
	root := flag.String("root", "../..", "the repository")
	check := flag.Bool("check", false, "write nothing; fail if a generated file is not up to date")
	flag.Parse()
	if err := run(context.Background(), *root, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, check bool) error {
	protos, existing, err := scan(root)
	if err != nil {
		return err
	}
	wanted := make(map[string][]byte)
	for _, s := range sources {
		mine := slices.DeleteFunc(slices.Clone(protos), func(p string) bool { return !within(s.folder, p) })
		protos = slices.DeleteFunc(protos, func(p string) bool { return within(s.folder, p) })
		if err := build(ctx, root, s, mine, wanted); err != nil {
			return fmt.Errorf("%s: %w", s.folder, err)
		}
	}
	if len(protos) > 0 {
		return fmt.Errorf("%s: no source in internal/tools/gen/main.go has this file; add its folder", protos[0])
	}
	if check {
		return compare(root, wanted, existing)
	}
	return write(root, wanted, existing)
}

// scan lists the .proto and the generated files of the tree, relative to root,
// with slashes. Folders that the go command ignores are ignored here too.
func scan(root string) (protos, generated []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (name == "testdata" || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch rel = filepath.ToSlash(rel); {
		case strings.HasSuffix(rel, ".proto"):
			protos = append(protos, rel)
		case strings.HasSuffix(rel, ".pb.go"), strings.HasSuffix(rel, ".curlew.go"), strings.HasSuffix(rel, ".binpb"):
			generated = append(generated, rel)
		}
		return nil
	})
	return protos, generated, err
}

func within(folder, path string) bool { return strings.HasPrefix(path, folder+"/") }

// compare says which files write would change.
func compare(root string, wanted map[string][]byte, existing []string) error {
	var stale []error
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		content, err := os.ReadFile(filepath.Join(root, path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			stale = append(stale, fmt.Errorf("%s: missing; run `make generate`", path))
		case err != nil:
			stale = append(stale, err)
		case !bytes.Equal(content, wanted[path]):
			stale = append(stale, fmt.Errorf("%s: not what its .proto file gives; run `make generate`", path))
		}
	}
	for _, path := range existing {
		if wanted[path] == nil {
			stale = append(stale, fmt.Errorf("%s: no .proto file gives this; run `make generate`, which deletes it", path))
		}
	}
	return errors.Join(stale...)
}

// write makes the generated files what they should be and prints what changed.
func write(root string, wanted map[string][]byte, existing []string) error {
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		file := filepath.Join(root, path)
		if content, err := os.ReadFile(file); err == nil && bytes.Equal(content, wanted[path]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, wanted[path], 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	for _, path := range existing {
		if wanted[path] != nil {
			continue
		}
		if err := os.Remove(filepath.Join(root, path)); err != nil {
			return err
		}
		fmt.Println("deleted", path)
	}
	return nil
}
