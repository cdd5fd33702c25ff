// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

const header = "// Copyright 2026 The Curlew Authors\n// SPDX-License-Identifier: Apache-2.0\n\n"

// tree writes files, by path, to a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func greetTree(t *testing.T) string {
	return tree(t, map[string]string{
		"examples/proto/greet/v1/greet.proto": header + `syntax = "proto3";
package greet.v1;
option go_package = "example.com/proto/greet/v1;greetv1";
import "google/protobuf/duration.proto";
import "shared/name.proto";
// Greeting says hello.
message Greeting { shared.Name name = 1; google.protobuf.Duration within = 2; }
service Greeter { rpc Greet(Greeting) returns (Greeting); }
`,
		"examples/proto/shared/name.proto": header + `syntax = "proto3";
package shared;
option go_package = "example.com/proto/shared";
message Name { string first = 1; }
`,
		"schema/testdata/ignored.proto": "not compiled",
	})
}

func TestWriteThenCheck(t *testing.T) {
	root, ctx := greetTree(t), t.Context()
	err := run(ctx, root, true)
	if err == nil || !strings.Contains(err.Error(), "examples/proto/greet/v1/greet.pb.go: missing") {
		t.Fatalf("check before the first generation: %v", err)
	}
	if err := run(ctx, root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(ctx, root, true); err != nil {
		t.Fatalf("check after generation: %v", err)
	}
	content, err := os.ReadFile(filepath.Join(root, "examples/proto/greet/v1/greet.pb.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(content), header) {
		t.Errorf("the generated file does not begin with the licence of its source:\n%.200s", content)
	}
	if !strings.Contains(string(content), "// Greeting says hello.\ntype Greeting struct") {
		t.Error("the generated type lost its comment")
	}
	content, err = os.ReadFile(filepath.Join(root, "examples/proto/greet/v1/greet.curlew.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(content), header) || !strings.Contains(string(content), "func NewGreeterClient(") {
		t.Errorf("the generated services are\n%s", content)
	}
}

func TestCheckFindsWhatIsStale(t *testing.T) {
	root, ctx := greetTree(t), t.Context()
	if err := run(ctx, root, false); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(root, "examples/proto/shared/name.pb.go")
	orphan := filepath.Join(root, "examples/proto/shared/old.pb.go")
	for _, file := range []string{edited, orphan} {
		if err := os.WriteFile(file, []byte("package shared\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := run(ctx, root, true)
	if err == nil {
		t.Fatal("the check passes")
	}
	for _, want := range []string{"shared/name.pb.go: not what", "shared/old.pb.go: no .proto file"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %q, want %q in it", err, want)
		}
	}
	if err := run(ctx, root, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(orphan); err == nil {
		t.Error("generation left a file that no .proto file gives")
	}
	if err := run(ctx, root, true); err != nil {
		t.Errorf("check after generation: %v", err)
	}
}

// TestDescriptors makes a file of descriptors instead of Go.
func TestDescriptors(t *testing.T) {
	root := tree(t, map[string]string{
		"health/proto/a/a.proto": header + `syntax = "proto3";
package a;
option go_package = "example.com/a";
// A comment.
message A { string name = 1; }
`})
	if err := run(t.Context(), root, false); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "health/descriptors.binpb"))
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(content, &set); err != nil || len(set.File) != 1 {
		t.Fatalf("%v, %v", &set, err)
	}
	if f := set.File[0]; f.GetName() != "a/a.proto" || f.SourceCodeInfo != nil || len(f.MessageType) != 1 {
		t.Errorf("got %v", f)
	}
	if _, err := os.Stat(filepath.Join(root, "health/proto/a/a.pb.go")); err == nil {
		t.Error("there is Go, too")
	}
	if err := os.RemoveAll(filepath.Join(root, "health/proto")); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), root, true); err == nil || !strings.Contains(err.Error(), "health/descriptors.binpb: no .proto file") {
		t.Errorf("descriptors without a source: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct{ path, content, want string }{
		"syntax":        {"examples/proto/a.proto", "syntax = \"proto3\";\nmessage {}", "a.proto:2:9"},
		"no go_package": {"examples/proto/a.proto", "syntax = \"proto3\";", "go_package"},
		"not in table":  {"elsewhere/a.proto", "syntax = \"proto3\";", "elsewhere/a.proto: no source"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tree(t, map[string]string{test.path: test.content}), false)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q in it", err, test.want)
			}
		})
	}
}
