// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gocode

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	protooptions "github.com/bufbuild/protocompile/options"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

// Options say what is generated and where. They are those of protoc-gen-go.
type Options struct {
	// Import names files by their Go import path, and leaves Module out of the
	// names. Else a file is named like its .proto file.
	Import bool
	Module string

	// Packages gives files Go import paths other than their go_package: a file's
	// name → "path" or "path;package".
	Packages map[string]string

	// API is what messages look like, "open", "hybrid" or "opaque"; "" leaves it to
	// the files.
	API string

	// PackageSuffix puts the code of services into a package beside that of the
	// messages, with that added to its name.
	PackageSuffix string

	Messages, Services bool // which code
}

// File is a generated file.
type File struct {
	Name    string // with slashes
	Content []byte
}

// Generate generates code for files, in order of names. What they import must
// have Go import paths too.
func Generate(files []protoreflect.FileDescriptor, o Options) ([]File, error) {
	parameter, err := o.parameter()
	if err != nil {
		return nil, err
	}
	request := &pluginpb.CodeGeneratorRequest{Parameter: &parameter}
	added := make(map[string]bool)
	for _, fd := range files {
		request.FileToGenerate = append(request.FileToGenerate, fd.Path())
		request.ProtoFile = appendFile(request.ProtoFile, fd, added)
	}
	if err := stripSourceOptions(request); err != nil {
		return nil, err
	}
	// A plugin gets bytes: options that it does not know are unknown fields.
	wire, err := proto.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	request = new(pluginpb.CodeGeneratorRequest)
	if err := proto.Unmarshal(wire, request); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	return o.run(plugin)
}

func (o Options) run(plugin *protogen.Plugin) ([]File, error) {
	if o.Messages {
		for _, f := range plugin.Files {
			if f.Generate {
				internal_gengo.GenerateFile(plugin, f)
			}
		}
	}
	if o.Services {
		var services generate.Options
		if err := services.Set("package_suffix", o.PackageSuffix); err != nil {
			return nil, err
		}
		if err := services.All(plugin); err != nil {
			return nil, err
		}
	}
	// The compiler has refused editions that it does not know, so these are not
	// asked for what they support.
	response := plugin.Response()
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	var out []File
	for _, f := range response.File {
		out = append(out, File{f.GetName(), []byte(f.GetContent())})
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// parameter gives the options as protoc hands them to a plugin.
func (o Options) parameter() (string, error) {
	parts := []string{"paths=source_relative"}
	if o.Import {
		parts[0] = "paths=import"
		if o.Module != "" {
			parts = append(parts, "module="+o.Module)
		}
	}
	switch o.API {
	case "":
	case "open", "hybrid", "opaque":
		parts = append(parts, "default_api_level=API_"+strings.ToUpper(o.API))
	default:
		return "", fmt.Errorf("there is no API %q; messages are open, hybrid or opaque", o.API)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Packages)) {
		parts = append(parts, "M"+name+"="+o.Packages[name])
	}
	for _, p := range parts {
		if strings.Contains(p, ",") {
			return "", fmt.Errorf("%q has a comma; names of files and Go packages have none", p)
		}
	}
	return strings.Join(parts, ","), nil
}

// appendFile adds a file after those that it imports, as protoc sends them.
func appendFile(all []*descriptorpb.FileDescriptorProto, fd protoreflect.FileDescriptor, added map[string]bool) []*descriptorpb.FileDescriptorProto {
	if added[fd.Path()] {
		return all
	}
	added[fd.Path()] = true
	imports := fd.Imports()
	for i := range imports.Len() {
		all = appendFile(all, imports.Get(i).FileDescriptor, added)
	}
	return append(all, protoutil.ProtoFromFileDescriptor(fd))
}

// stripSourceOptions leaves out of the files to generate what is kept in sources
// only (descriptor.proto, RETENTION_SOURCE).
func stripSourceOptions(request *pluginpb.CodeGeneratorRequest) error {
	for i, f := range request.ProtoFile {
		if !slices.Contains(request.FileToGenerate, f.GetName()) {
			continue
		}
		stripped, err := protooptions.StripSourceRetentionOptionsFromFile(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.GetName(), err)
		}
		request.ProtoFile[i] = stripped
	}
	return nil
}
