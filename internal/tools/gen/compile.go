// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

// build adds to wanted what the .proto files of s give, by path.
func build(ctx context.Context, root string, s source, protos []string, wanted map[string][]byte) error {
	if len(protos) == 0 {
		return nil
	}
	request, err := compile(ctx, root, s, protos)
	if err != nil {
		return err
	}
	if s.services != "" {
		response, err := generateServices(request)
		if err != nil {
			return err
		}
		want(s.services, response, wanted)
	}
	if s.descriptors != "" {
		wanted[s.descriptors], err = descriptorSet(request, s.services != "")
		return err
	}
	response, err := runPlugin(ctx, "protoc-gen-go", request)
	if err != nil {
		return err
	}
	want(s.importRoot, response, wanted)
	return nil
}

// want adds to wanted a plugin's files, which are relative to folder.
func want(folder string, response *pluginpb.CodeGeneratorResponse, wanted map[string][]byte) {
	for _, f := range response.GetFile() {
		wanted[path.Join(folder, f.GetName())] = []byte(f.GetContent())
	}
}

// generateServices does what protoc-gen-curlew does.
func generateServices(request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		return nil, err
	}
	if err := generate.All(plugin); err != nil {
		return nil, err
	}
	response := plugin.Response()
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	return response, nil
}

// compile makes the request that protoc would give to a plugin.
func compile(ctx context.Context, root string, s source, protos []string) (*pluginpb.CodeGeneratorRequest, error) {
	importRoot := filepath.Join(root, s.importRoot)
	names := make([]string, len(protos)) // as import statements have them
	for i, p := range protos {
		name, err := filepath.Rel(importRoot, filepath.Join(root, p))
		if err != nil {
			return nil, err
		}
		names[i] = filepath.ToSlash(name)
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{importRoot}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, names...)
	if err != nil {
		return nil, err
	}
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: names,
		Parameter:      proto.String("paths=source_relative"),
	}
	added := make(map[string]bool)
	for _, f := range files {
		addFile(request, added, f)
	}
	return request, nil
}

// descriptorSet encodes the files of a request, with or without their comments.
func descriptorSet(request *pluginpb.CodeGeneratorRequest, comments bool) ([]byte, error) {
	for _, f := range request.ProtoFile {
		if !comments {
			f.SourceCodeInfo = nil
		}
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(&descriptorpb.FileDescriptorSet{File: request.ProtoFile})
}

// addFile appends f to the request, after the files that it imports.
func addFile(request *pluginpb.CodeGeneratorRequest, added map[string]bool, f protoreflect.FileDescriptor) {
	if added[f.Path()] {
		return
	}
	added[f.Path()] = true
	for i := range f.Imports().Len() {
		addFile(request, added, f.Imports().Get(i).FileDescriptor)
	}
	request.ProtoFile = append(request.ProtoFile, protodesc.ToFileDescriptorProto(f))
}

// runPlugin runs a plugin that is a pinned tool of this module.
func runPlugin(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	in, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, "go", "tool", plugin)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", plugin, err, strings.TrimSpace(stderr.String()))
	}
	response := new(pluginpb.CodeGeneratorResponse)
	if err := proto.Unmarshal(out, response); err != nil {
		return nil, fmt.Errorf("%s: %w", plugin, err)
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %s", plugin, response.GetError())
	}
	return response, nil
}
