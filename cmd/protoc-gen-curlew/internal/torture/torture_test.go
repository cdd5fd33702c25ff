// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

// folders hold the .proto files: those that are hard, and those of the golden
// files, which must compile as well.
var folders = []string{"testdata/proto", "../../testproto"}

const parameter = "Mbyoption/byoption.proto=example.com/torture/elsewhere/placed"

// TestTorture generates code from all files, with services beside the messages
// and in packages of their own, and has `go vet` and `go test` compile it, with
// the programs of testdata/run, which call the services.
func TestTorture(t *testing.T) {
	request := compile(t)
	for _, suffix := range []string{"", "rpc"} {
		t.Run("suffix="+suffix, func(t *testing.T) {
			root := t.TempDir()
			request.Parameter = proto.String(parameter)
			write(t, root, messages(t, request))
			request.Parameter = proto.String(parameter + ",package_suffix=" + suffix)
			write(t, root, services(t, request))
			modules(t, root)
			torture := filepath.Join(root, "example.com/torture")
			goRun(t, torture, "vet", "./...", "example.com/golden/...", "example.com/shared/...")
			if suffix == "" {
				copyTree(t, "testdata/run", torture)
				goRun(t, torture, "test", "./...")
			}
		})
	}
}

// compile makes the request that protoc would make.
func compile(t *testing.T) *pluginpb.CodeGeneratorRequest {
	t.Helper()
	var names []string
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".proto" {
				name, _ := filepath.Rel(folder, path)
				names = append(names, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: folders}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	var newer, older []string
	for _, name := range names {
		if strings.HasPrefix(name, "edition2024/") {
			newer = append(newer, name)
		} else {
			older = append(older, name)
		}
	}
	files, err := compiler.Compile(t.Context(), older...)
	if err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: names}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if slices.ContainsFunc(request.ProtoFile, func(other *descriptorpb.FileDescriptorProto) bool { return other.GetName() == f.Path() }) {
			return
		}
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		request.ProtoFile = append(request.ProtoFile, protodesc.ToFileDescriptorProto(f))
	}
	for _, f := range files {
		add(f)
	}
	for _, f := range compile2024(t, newer) {
		if !slices.ContainsFunc(request.ProtoFile, func(other *descriptorpb.FileDescriptorProto) bool { return other.GetName() == f.GetName() }) {
			request.ProtoFile = append(request.ProtoFile, f)
		}
	}
	// What the compiler for edition 2024 gives has options as unknown fields.
	wire, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	proto.Reset(request)
	if err := proto.Unmarshal(wire, request); err != nil {
		t.Fatal(err)
	}
	return request
}

// messages runs protoc-gen-go.
func messages(t *testing.T, request *pluginpb.CodeGeneratorRequest) *pluginpb.CodeGeneratorResponse {
	t.Helper()
	in, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "tool", "protoc-gen-go")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("protoc-gen-go: %v\n%s", err, &stderr)
	}
	response := new(pluginpb.CodeGeneratorResponse)
	if err := proto.Unmarshal(out, response); err != nil {
		t.Fatal(err)
	}
	return response
}

// services does what protoc-gen-curlew does.
func services(t *testing.T, request *pluginpb.CodeGeneratorRequest) *pluginpb.CodeGeneratorResponse {
	t.Helper()
	var options generate.Options
	plugin, err := protogen.Options{ParamFunc: options.Set}.New(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := options.All(plugin); err != nil {
		t.Fatal(err)
	}
	return plugin.Response()
}

func write(t *testing.T, root string, response *pluginpb.CodeGeneratorResponse) {
	t.Helper()
	if response.Error != nil {
		t.Fatal(response.GetError())
	}
	for _, f := range response.File {
		writeFile(t, filepath.Join(root, f.GetName()), []byte(f.GetContent()))
	}
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// modules makes a Go module of each folder below example.com, with Curlew and
// what Curlew requires.
func modules(t *testing.T, root string) {
	t.Helper()
	curlew, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"torture", "golden", "shared"} {
		dir := filepath.Join(root, "example.com", name)
		for _, file := range []string{"go.mod", "go.sum"} {
			content, err := os.ReadFile(filepath.Join(curlew, file))
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, file), content)
		}
		args := []string{
			"mod", "edit", "-module=example.com/" + name,
			"-require=github.com/curlewrpc/curlew@v0.0.0", "-replace=github.com/curlewrpc/curlew=" + curlew,
		}
		if name == "torture" {
			for _, other := range []string{"golden", "shared"} {
				args = append(args, "-require=example.com/"+other+"@v0.0.0", "-replace=example.com/"+other+"=../"+other)
			}
		}
		goRun(t, dir, args...)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func goRun(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
