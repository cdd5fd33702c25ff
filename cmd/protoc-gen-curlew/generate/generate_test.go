// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package generate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/curlewrpc/curlew/cmd/protoc-gen-curlew/generate"
)

const golden = "../testdata"

// descriptors reads what testproto/ compiles to.
func descriptors(t *testing.T) []*descriptorpb.FileDescriptorProto {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(golden, "descriptors.binpb"))
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(content, &set); err != nil {
		t.Fatal(err)
	}
	return set.File
}

// own are the names of the files of testproto/.
func own(files []*descriptorpb.FileDescriptorProto) []string {
	var names []string
	for _, f := range files {
		if !strings.HasPrefix(f.GetName(), "google/") {
			names = append(names, f.GetName())
		}
	}
	return names
}

// run does what protoc makes the plugin do for the named files.
func run(t *testing.T, files []*descriptorpb.FileDescriptorProto, parameter string, names ...string) *pluginpb.CodeGeneratorResponse {
	t.Helper()
	var options generate.Options
	p, err := protogen.Options{ParamFunc: options.Set}.New(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: names, Parameter: &parameter, ProtoFile: files,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := options.All(p); err != nil {
		p.Error(err)
	}
	return p.Response()
}

// outputs is the content of the generated files by name.
func outputs(t *testing.T, response *pluginpb.CodeGeneratorResponse) map[string]string {
	t.Helper()
	if response.Error != nil {
		t.Fatal(response.GetError())
	}
	all := make(map[string]string)
	for _, f := range response.GetFile() {
		all[f.GetName()] = f.GetContent()
	}
	return all
}

func TestGolden(t *testing.T) {
	files := descriptors(t)
	got := outputs(t, run(t, files, "paths=source_relative", own(files)...))
	if len(got) == 0 {
		t.Fatal("nothing is generated")
	}
	for name, content := range got {
		want, err := os.ReadFile(filepath.Join(golden, name))
		if err != nil || string(want) != content {
			t.Errorf("%s is not what is generated (%v); run `make generate` and look at what changes", name, err)
		}
	}
	err := filepath.WalkDir(golden, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(golden, path); strings.HasSuffix(path, ".go") && got[filepath.ToSlash(name)] == "" {
			t.Errorf("nothing generates %s; delete it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAlone generates each file without the others: protoc may be called in
// either way, and the result must be the same.
func TestAlone(t *testing.T) {
	files := descriptors(t)
	together := outputs(t, run(t, files, "paths=source_relative", own(files)...))
	for _, name := range own(files) {
		for path, content := range outputs(t, run(t, files, "paths=source_relative", name)) {
			if content != together[path] {
				t.Errorf("%s differs when it is generated alone", path)
			}
		}
	}
}

// TestGlue counts lines: at most 80 a service and 30 a method, with the few of
// a file, and without the comments that the .proto file has anyway.
func TestGlue(t *testing.T) {
	files := descriptors(t)
	for _, f := range files {
		methods := 0
		for _, s := range f.GetService() {
			methods += len(s.GetMethod())
		}
		for path, content := range outputs(t, run(t, files, "paths=source_relative", f.GetName())) {
			lines := 0
			for line := range strings.Lines(content) {
				if !strings.HasPrefix(strings.TrimSpace(line), "//") {
					lines++
				}
			}
			if most := 80*len(f.GetService()) + 30*methods; lines > most {
				t.Errorf("%s: %d services and %d methods take %d lines, more than %d", path, len(f.GetService()), methods, lines, most)
			}
			t.Logf("%s: %d services, %d methods, %d lines", path, len(f.GetService()), methods, lines)
		}
	}
}

// TestMethodLines counts what one more method of each kind costs.
func TestMethodLines(t *testing.T) {
	files := descriptors(t)
	count := func(f *descriptorpb.FileDescriptorProto) int {
		others := make([]*descriptorpb.FileDescriptorProto, 0, len(files))
		for _, other := range files {
			if other.GetName() == f.GetName() {
				other = f
			}
			others = append(others, other)
		}
		lines := 0
		for _, content := range outputs(t, run(t, others, "paths=source_relative", f.GetName())) {
			lines += strings.Count(content, "\n")
		}
		return lines
	}
	const message = ".kinds.v1.Message"
	for _, f := range files {
		if f.GetName() != "kinds/v1/kinds.proto" {
			continue
		}
		before := count(f)
		for name, m := range map[string]*descriptorpb.MethodDescriptorProto{
			"unary":         {},
			"server stream": {ServerStreaming: proto.Bool(true)},
			"client stream": {ClientStreaming: proto.Bool(true)},
			"bidi":          {ServerStreaming: proto.Bool(true), ClientStreaming: proto.Bool(true)},
		} {
			m.Name, m.InputType, m.OutputType = proto.String("More"), proto.String(message), proto.String(message)
			more := proto.CloneOf(f)
			more.Service[0].Method = append(more.Service[0].Method, m)
			if lines := count(more) - before; lines > 30 {
				t.Errorf("a method of kind %s takes %d lines, more than 30", name, lines)
			} else {
				t.Logf("%s: %d lines", name, lines)
			}
		}
	}
}

func TestPackageSuffix(t *testing.T) {
	files := descriptors(t)
	got := outputs(t, run(t, files, "paths=source_relative,package_suffix=rpc", own(files)...))
	content := got["kinds/v1/kindsv1rpc/kinds.curlew.go"]
	for _, want := range []string{
		"package kindsv1rpc\n",
		`v1 "example.com/golden/kinds/v1"`,
		"var _ = v1.File_kinds_v1_kinds_proto\n",
		"One(ctx context.Context, request *v1.Message) (*v1.Message, error)",
	} {
		if !strings.Contains(content, want) {
			t.Errorf("there is no %q in\n%.1500s", want, content)
		}
	}
	// In a package of its own a service keeps its name whatever messages are called.
	if content := got["clash/clashrpc/clash.curlew.go"]; !strings.Contains(content, "type StoreClient interface") {
		t.Errorf("there is no StoreClient in\n%.1500s", content)
	}
	// By import path rather than beside the .proto file.
	if got := outputs(t, run(t, files, "package_suffix=rpc,module=example.com/golden", own(files)...)); got["kinds/v1/kindsv1rpc/kinds.curlew.go"] == "" {
		t.Errorf("with module= there are %d files, but not kinds/v1/kindsv1rpc/kinds.curlew.go", len(got))
	}
}

func TestGoPackageByParameter(t *testing.T) {
	files := descriptors(t)
	got := outputs(t, run(t, files, "Medition/edition.proto=example.com/elsewhere/pkg;other", "edition/edition.proto"))
	if content := got["example.com/elsewhere/pkg/edition.curlew.go"]; !strings.Contains(content, "package other\n") {
		t.Errorf("got %v", got)
	}
}

func TestFeatures(t *testing.T) {
	files := descriptors(t)
	response := run(t, files, "", "clash/other.proto")
	if len(response.File) != 0 {
		t.Errorf("a file without services gives %s", response.File[0].GetName())
	}
	const all = pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL | pluginpb.CodeGeneratorResponse_FEATURE_SUPPORTS_EDITIONS
	if response.GetSupportedFeatures() != uint64(all) || response.GetMaximumEdition() != int32(descriptorpb.Edition_EDITION_2024) {
		t.Errorf("features %d up to edition %d", response.GetSupportedFeatures(), response.GetMaximumEdition())
	}
}

// TestClashOfFiles has two files of one Go package that do not know each other.
func TestClashOfFiles(t *testing.T) {
	file := func(name, goPackage string, f *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
		f.Name, f.Syntax, f.Package = proto.String(name), proto.String("proto3"), proto.String(strings.TrimSuffix(name, ".proto"))
		f.Options = &descriptorpb.FileOptions{GoPackage: proto.String(goPackage)}
		return f
	}
	service := func(name string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String(name)}}}
	}
	message := &descriptorpb.FileDescriptorProto{MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("FooClient")}}}
	const pkg = "example.com/pkg"
	for _, test := range []struct {
		name, parameter, want string
		files                 []*descriptorpb.FileDescriptorProto
	}{
		{"message", "", "a.proto: service a.Foo needs the Go name FooClient, which b.proto has",
			[]*descriptorpb.FileDescriptorProto{file("a.proto", pkg, service("Foo")), file("b.proto", pkg, message)}},
		{"service", "package_suffix=rpc", "b.proto: service b.foo needs the Go name FooClient, which a.proto has",
			[]*descriptorpb.FileDescriptorProto{file("a.proto", pkg, service("Foo")), file("b.proto", pkg, service("foo"))}},
		{"other package", "", "",
			[]*descriptorpb.FileDescriptorProto{file("a.proto", pkg, service("Foo")), file("b.proto", pkg+"/b", service("foo"))}},
		{"suffix", "package_suffix=rpc", "",
			[]*descriptorpb.FileDescriptorProto{file("a.proto", pkg, service("Foo")), file("b.proto", pkg, message)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, test.files, test.parameter, "a.proto", "b.proto").GetError()
			if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("the error is %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"package_suffix", "rpc", ""},
		{"package_suffix", "", ""},
		{"package_suffix", "../x", "letters and digits"},
		{"plugins", "grpc", `unknown parameter "plugins"`},
	} {
		var o generate.Options
		err := o.Set(test.name, test.value)
		if test.want == "" && (err != nil || o.PackageSuffix != test.value) {
			t.Errorf("%s=%s: %v, %+v", test.name, test.value, err, o)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s=%s: error is %v, want %q in it", test.name, test.value, err, test.want)
		}
	}
}
