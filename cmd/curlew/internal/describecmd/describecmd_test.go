// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package describecmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/describecmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

func describe(t *testing.T, args ...string) shoptest.Result {
	t.Helper()
	return shoptest.Run(t, describecmd.New, append([]string{"describe"}, args...)...)
}

func compile(t *testing.T, path string) protoreflect.FileDescriptor {
	t.Helper()
	result, err := protofiles.Compile(t.Context(), []string{filepath.Dir(path)}, path)
	if err != nil {
		t.Fatal(err)
	}
	return result.Named[0]
}

// TestRoundTrip prints all that a file declares and compiles it again.
func TestRoundTrip(t *testing.T) {
	for _, name := range []string{"two.proto", "three.proto", "edition.proto"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			file := compile(t, path)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var again strings.Builder
			for line := range strings.Lines(string(text)) { // what is no declaration
				for _, keyword := range []string{"syntax", "edition", "package", "import"} {
					if strings.HasPrefix(line, keyword+" ") {
						again.WriteString(line)
					}
				}
			}
			for _, d := range topLevel(file) {
				got := describe(t, "--proto", path, "-I", "testdata", string(d.FullName()))
				if got.Status != 0 {
					t.Fatalf("%s: %s", d.FullName(), got.Err)
				}
				again.WriteString(got.Out)
			}
			copied := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(copied, []byte(again.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			got, want := plain(t, compile(t, copied)), plain(t, file)
			if !proto.Equal(got, want) {
				t.Errorf("printed:\n%s\ngot:\n%s\nwant:\n%s", again.String(), prototext.Format(got), prototext.Format(want))
			}
			for _, comment := range []string{"// Level is how much.\n", "= 1; // not much\n", "//\n// It has two paragraphs.\nmessage", "  // Get gets.\n", "  // Inner is inside.\n"} {
				if name == "three.proto" && !strings.Contains(again.String(), comment) {
					t.Errorf("the comment %q is missing in\n%s", comment, again.String())
				}
			}
		})
	}
}

// plain returns a file as a message in which custom options are bytes, so that
// messages of two compilations can be equal.
func plain(t *testing.T, file protoreflect.FileDescriptor) *descriptorpb.FileDescriptorProto {
	t.Helper()
	m := protodesc.ToFileDescriptorProto(file)
	m.SourceCodeInfo = nil
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	out := new(descriptorpb.FileDescriptorProto)
	if err == nil {
		err = proto.UnmarshalOptions{Resolver: new(protoregistry.Types)}.Unmarshal(b, out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// topLevel returns a file's declarations in the order of their kinds.
func topLevel(file protoreflect.FileDescriptor) []protoreflect.Descriptor {
	var all []protoreflect.Descriptor
	for i := range file.Enums().Len() {
		all = append(all, file.Enums().Get(i))
	}
	for i := range file.Messages().Len() {
		all = append(all, file.Messages().Get(i))
	}
	for i := range file.Extensions().Len() {
		all = append(all, file.Extensions().Get(i))
	}
	for i := range file.Services().Len() {
		all = append(all, file.Services().Get(i))
	}
	return all
}

func TestServer(t *testing.T) {
	address := shoptest.Serve(t)
	for symbol, want := range map[string]string{
		shoptest.Service + "/Browse": `rpc Browse(shoptest.Order) returns (stream shoptest.Item);

// package shoptest
message Order {
  int32 count = 1;
}

message Item {
  string sku = 1;
`,
		"shoptest.Receipt":       "message Receipt {\n  repeated string items = 1;\n  int64 total = 2;\n}\n",
		"shoptest.Receipt.items": "repeated string items = 1;\n",
	} {
		if got := describe(t, address, symbol); got.Status != 0 || !strings.HasPrefix(got.Out, want) {
			t.Errorf("%s: got status %d, %s%s\nwant %s", symbol, got.Status, got.Out, got.Err, want)
		}
	}
	if got := describe(t, address, "shoptest.Recipe"); got.Status != 1 || !strings.Contains(got.Err, "Did you mean shoptest.Receipt?") {
		t.Errorf("got %+v", got)
	}
}

func TestJSON(t *testing.T) {
	var doc struct {
		Name, Kind, File, Text string
		Descriptor             struct{ Name string }
	}
	got := describe(t, "--proto", "testdata/three.proto", "-I", "testdata", "torture.v1.Empty", "--json")
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	if doc.Name != "torture.v1.Empty" || doc.Kind != "message" || doc.File != "three.proto" || doc.Descriptor.Name != "Empty" ||
		doc.Text != "// Empty has nothing.\nmessage Empty {}\n" {
		t.Errorf("got %+v", doc)
	}
}

func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"localhost:1"}, {"localhost:1", "a", "b"}, {"--proto", "x.proto"}} {
		if got := describe(t, args...); got.Status != cli.UsageStatus || !strings.Contains(got.Err, "curlew describe --help") {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}
