// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package exportcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/schema"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// file is one to be written.
type file struct {
	name string // with slashes
	text string
}

// newProto returns the command curlew export proto.
func newProto(env *cli.Env) *cobra.Command {
	var (
		in  from
		out string
	)
	c := &cobra.Command{
		Use:   "proto SOURCE",
		Short: "Write plain Go services down as .proto files",
		Long: `Proto writes the .proto files of services that are plain Go, so that clients in
other languages can be generated from them. What it writes compiles to the same
descriptors; it is tried before anything is written. Services that have .proto
files of their own are refused: take those.

` + sourceHelp,
		Example: `  curlew export proto localhost:8080
  curlew export proto localhost:8080 --service Arith --out proto`,
		Args: one,
	}
	in.addTo(c)
	c.Flags().StringVarP(&out, "out", "o", "", "`FOLDER` to write to, instead of standard output")
	c.RunE = func(c *cobra.Command, args []string) error {
		_, services, err := in.open(c.Context(), args[0])
		if err != nil {
			return err
		}
		files, err := protos(c.Context(), services)
		if err != nil {
			return err
		}
		if out == "" && env.JSON {
			return cli.Usage(c, "--json lists the files that are written: give --out")
		}
		if out == "" {
			_, err := fmt.Fprint(env.Out, joined(files))
			return err
		}
		for _, f := range files {
			if err := write(filepath.Join(out, filepath.FromSlash(f.name)), []byte(f.text)); err != nil {
				return err
			}
		}
		return written(env, files, out)
	}
	return c
}

// written says which files there are now.
func written(env *cli.Env, files []file, folder string) error {
	switch {
	case env.JSON:
		text, err := names(files)
		if err != nil {
			return err
		}
		_, err = env.Out.Write(text)
		return err
	case env.Quiet:
		return nil
	}
	for _, f := range files {
		if _, err := fmt.Fprintln(env.Out, filepath.Join(folder, filepath.FromSlash(f.name))); err != nil {
			return err
		}
	}
	return nil
}

// names is what --json prints of the files that were written.
func names(files []file) ([]byte, error) {
	list := struct {
		Files []string `json:"files"`
	}{Files: []string{}}
	for _, f := range files {
		list.Files = append(list.Files, f.name)
	}
	text, err := json.MarshalIndent(list, "", "  ")
	return append(text, '\n'), err
}

// joined returns files one after the other, each after its name.
func joined(files []file) string {
	var b strings.Builder
	for i, f := range files {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "// %s\n\n%s", f.name, f.text)
	}
	return b.String()
}

// protos returns the files that declare services and all that they import but
// what compilers bring along, as text that compiles to the same descriptors.
func protos(ctx context.Context, services []protoreflect.ServiceDescriptor) ([]file, error) {
	var descriptors []protoreflect.FileDescriptor
	for _, sd := range services {
		descriptors = gather(descriptors, sd.ParentFile())
	}
	scratch, err := os.MkdirTemp("", "curlew-export-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	var files []file
	for _, fd := range descriptors {
		f := file{fd.Path(), schema.Format(fd)}
		if !filepath.IsLocal(filepath.FromSlash(f.name)) {
			return nil, fmt.Errorf("the source names a file %q, which is outside of the folder to write to", f.name)
		}
		if err := write(filepath.Join(scratch, filepath.FromSlash(f.name)), []byte(f.text)); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	for _, fd := range descriptors {
		compiled, err := protofiles.Compile(ctx, []string{scratch}, fd.Path())
		if err == nil && !same(compiled.Named[0], fd) {
			err = errors.New("it would be another one")
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be written down, since it is not derived from Go types (%w).\nTake the .proto file that its code is generated from, "+
				"or choose other services by --service", fd.Path(), firstLine(err))
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

// gather appends a file and what it imports, each once.
func gather(all []protoreflect.FileDescriptor, fd protoreflect.FileDescriptor) []protoreflect.FileDescriptor {
	if protofiles.Standard(fd.Path()) || slices.ContainsFunc(all, func(f protoreflect.FileDescriptor) bool { return f.Path() == fd.Path() }) {
		return all
	}
	for i := range fd.Imports().Len() {
		all = gather(all, fd.Imports().Get(i).FileDescriptor)
	}
	return append(all, fd)
}

// same reports whether two files declare the same, comments apart.
func same(a, b protoreflect.FileDescriptor) bool {
	return proto.Equal(bare(a), bare(b))
}

// bare returns a file without comments, and with all names of JSON.
func bare(fd protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	p := protodesc.ToFileDescriptorProto(fd)
	p.SourceCodeInfo = nil
	for _, m := range p.MessageType {
		named(m, fd.Messages().ByName(protoreflect.Name(m.GetName())))
	}
	return p
}

func named(m *descriptorpb.DescriptorProto, md protoreflect.MessageDescriptor) {
	for i, f := range m.Field {
		f.JsonName = proto.String(md.Fields().Get(i).JSONName())
	}
	for _, inner := range m.NestedType {
		named(inner, md.Messages().ByName(protoreflect.Name(inner.GetName())))
	}
}
