// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

// folder writes files below a new folder, which becomes the current one.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

const (
	itemProto = "syntax = \"proto3\";\npackage shop.v1;\n// Item is sold.\nmessage Item { string sku = 1; }\n"
	cartProto = "syntax = \"proto3\";\npackage shop.v1;\nimport \"shop/v1/item.proto\";\nimport \"google/protobuf/timestamp.proto\";\n" +
		"message Cart { repeated Item items = 1; google.protobuf.Timestamp at = 2; }\n"
)

func TestCompile(t *testing.T) {
	layouts := []struct {
		name        string
		files       map[string]string
		importPaths []string
		named       []string
		roots       []string
	}{
		{"given", map[string]string{"p/shop/v1/item.proto": itemProto, "p/shop/v1/cart.proto": cartProto},
			[]string{"p"}, []string{"p/shop/v1/cart.proto"}, []string{"p"}},
		{"a name", map[string]string{"p/shop/v1/item.proto": itemProto, "p/shop/v1/cart.proto": cartProto},
			[]string{"p"}, []string{"shop/v1/cart.proto"}, []string{"p"}},
		{"found", map[string]string{"api/proto/shop/v1/item.proto": itemProto, "api/proto/shop/v1/cart.proto": cartProto},
			nil, []string{"api/proto/shop/v1/cart.proto"}, []string{"api/proto"}},
		{"here", map[string]string{"shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto},
			nil, []string{"shop/v1/cart.proto"}, []string{"."}},
		{"two folders", map[string]string{"third_party/shop/v1/item.proto": itemProto, "api/cart.proto": cartProto},
			nil, []string{"api/cart.proto"}, []string{"third_party", "."}},
		{"the repository's own folder", map[string]string{"shop/go.mod": "module shop\n", "shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto},
			nil, []string{"shop/v1/cart.proto"}, []string{"."}},
		{"by package", map[string]string{"api/shop/v1/item.proto": itemProto},
			nil, []string{"api/shop/v1/item.proto"}, []string{"api"}},
	}
	for _, tt := range layouts {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, tt.files)
			r, err := protofiles.Compile(t.Context(), tt.importPaths, tt.named...)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.ImportPaths, tt.roots) {
				t.Errorf("import paths %q, want %q", r.ImportPaths, tt.roots)
			}
			if len(r.Named) != 1 {
				t.Fatalf("%d files were named", len(r.Named))
			}
			d, err := r.Files.FindDescriptorByName("shop.v1.Item")
			if err != nil {
				t.Fatal(err)
			}
			item := d.(protoreflect.MessageDescriptor)
			if c := item.ParentFile().SourceLocations().ByDescriptor(item).LeadingComments; c != " Item is sold.\n" {
				t.Errorf("the comment is %q", c)
			}
			if p := r.Path(item.ParentFile().Path()); p == "" || !strings.HasSuffix(p, "item.proto") {
				t.Errorf("item.proto is at %q", p)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		named []string
		want  string
	}{
		{
			"syntax, with tabs",
			map[string]string{"a.proto": "syntax = \"proto3\";\nmessage A {\n\tstring é = 1;\n}\n"},
			[]string{"a.proto"},
			"a.proto:3:9: invalid character\n    \tstring é = 1;\n    \t       ^",
		},
		{
			"import with another spelling",
			map[string]string{"shop/v1/cart.proto": strings.Replace(cartProto, "item.proto", "itme.proto", 1), "shop/v1/item.proto": itemProto},
			[]string{"shop/v1/cart.proto"},
			"shop/v1/cart.proto:3:8: import \"shop/v1/itme.proto\": there is no such file below .\n" +
				"    import \"shop/v1/itme.proto\";\n" +
				"           ^\n" +
				"    did you mean \"shop/v1/item.proto\"?",
		},
		{
			"import of a published file",
			map[string]string{"a.proto": "syntax = \"proto3\";\nimport \"google/api/annotations.proto\";\nimport \"google/rpc/status.proto\";\n"},
			[]string{"a.proto"},
			"2 problems\n" +
				"a.proto:2:8: import \"google/api/annotations.proto\": there is no such file below .\n" +
				"    import \"google/api/annotations.proto\";\n" +
				"           ^\n" +
				"    copy it from https://github.com/googleapis/googleapis to third_party/google/api/annotations.proto\n" +
				"a.proto:3:8: import \"google/rpc/status.proto\": there is no such file below .\n" +
				"    import \"google/rpc/status.proto\";\n" +
				"           ^\n" +
				"    copy it from https://github.com/googleapis/googleapis to third_party/google/rpc/status.proto",
		},
		{
			"cycle",
			map[string]string{
				"a.proto": "syntax = \"proto3\";\nimport \"b.proto\";\n",
				"b.proto": "syntax = \"proto3\";\nimport \"a.proto\";\n",
			},
			[]string{"a.proto"},
			"b.proto:2:8: imports go round in a circle: a.proto → b.proto → a.proto\n    import \"a.proto\";\n           ^\n    move what both",
		},
		{
			"itself",
			map[string]string{"a.proto": "syntax = \"proto3\";\nimport \"a.proto\";\n"},
			[]string{"a.proto"},
			"a.proto:2:8: this file imports itself",
		},
		{
			"a misspelt type",
			map[string]string{"a.proto": "syntax = \"proto3\";\npackage a;\nmessage Thing { Thnig t = 1; }\n"},
			[]string{"a.proto"},
			"unknown type Thnig\n    message Thing { Thnig t = 1; }\n                    ^\n    did you mean \"Thing\"?",
		},
		{
			"a type of a file that is not imported",
			map[string]string{
				"a.proto": "syntax = \"proto3\";\nmessage A { shop.v1.Item i = 1; google.protobuf.Timestamp t = 2; }\n",
				"b.proto": itemProto,
			},
			[]string{"a.proto", "b.proto"},
			"shop.v1.Item is in another file; add: import \"b.proto\";",
		},
		{
			"a well-known type that is not imported",
			map[string]string{"a.proto": "syntax = \"proto3\";\nmessage A { google.protobuf.Timestamp t = 2; }\n"},
			[]string{"a.proto"},
			"    add: import \"google/protobuf/timestamp.proto\";",
		},
		{
			"a later edition",
			map[string]string{"a.proto": "edition = \"2077\";\n"},
			[]string{"a.proto"},
			"a.proto:1:11: edition value \"2077\" not recognized",
		},
		{
			"a file that resembles none",
			map[string]string{"shop/struct.proto": itemProto, "a.proto": "syntax = \"proto3\";\nimport \"shop/unittest.proto\";\n"},
			[]string{"a.proto"},
			"name the folder that it is relative to with -I",
		},
		{
			"one file by two names",
			map[string]string{
				"a/item.proto": itemProto,
				"a/x.proto":    "syntax = \"proto3\";\nimport \"item.proto\";\n",
				"y.proto":      "syntax = \"proto3\";\nimport \"a/item.proto\";\nimport \"a/x.proto\";\n",
			},
			[]string{"y.proto"},
			"a/x.proto:2:8: a/item.proto is imported as \"item.proto\" here and as \"a/item.proto\" elsewhere",
		},
		{
			"no file",
			map[string]string{"item.proto": itemProto},
			[]string{"itam.proto"},
			"there is no file itam.proto\n    did you mean \"item.proto\"?",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, tt.files)
			_, err := protofiles.Compile(t.Context(), nil, tt.named...)
			if err == nil {
				t.Fatal("no error")
			}
			t.Log(err)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got\n%v\nwant in it\n%s", err, tt.want)
			}
		})
	}
}

// TestAllProblems looks at the places of problems, of which each is told once.
func TestAllProblems(t *testing.T) {
	folder(t, map[string]string{
		"a.proto": "syntax = \"proto3\";\nmessage A {\n\tNope n = 1;\n\tNever m = 2;\n}\n",
		"b.proto": "syntax = \"proto3\";\nmessage B {\n  string s = 1;\n  int32 t = 1;\n}\n",
	})
	_, err := protofiles.Compile(t.Context(), nil, "a.proto", "b.proto")
	var e *protofiles.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	var places [][3]any
	for _, p := range e.Problems {
		places = append(places, [3]any{p.File, p.Line, p.Column})
	}
	want := [][3]any{{"a.proto", 3, 2}, {"a.proto", 4, 2}, {"b.proto", 4, 13}}
	if !slices.Equal(places, want) {
		t.Errorf("places %v, want %v\n%v", places, want, err)
	}
	if want := "    \tNope n = 1;\n    \t^"; !strings.Contains(err.Error(), want) {
		t.Errorf("no caret below the type:\n%v", err)
	}
}

func TestBelowNoImportPath(t *testing.T) {
	folder(t, map[string]string{"a/item.proto": itemProto, "b/x.proto": ""})
	_, err := protofiles.Compile(t.Context(), []string{"b"}, "a/item.proto")
	if err == nil || !strings.Contains(err.Error(), "below none of the import paths (b)") {
		t.Errorf("got %v", err)
	}
}

func TestFromBelow(t *testing.T) {
	folder(t, map[string]string{
		"go.mod": "module shop\n", "third_party/shop/v1/item.proto": itemProto, "api/cart/cart.proto": cartProto,
	})
	t.Chdir(filepath.Join("api", "cart"))
	r, err := protofiles.Compile(t.Context(), nil, "cart.proto")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("..", "..", "third_party"); r.ImportPaths[0] != want {
		t.Errorf("import paths %q, want %q first", r.ImportPaths, want)
	}
	if want := filepath.Join("..", "..", "third_party", "shop", "v1", "item.proto"); r.Path("shop/v1/item.proto") != want {
		t.Errorf("item.proto is at %q, want %q", r.Path("shop/v1/item.proto"), want)
	}
}

func TestGoPackage(t *testing.T) {
	folder(t, map[string]string{
		"a.proto": "syntax = \"proto3\";\n/*\noption go_package = \"x\";\n*/\noption java_package = \"y\";\noption go_package = \"a\"\n  \"/b;c\";\n",
		"b.proto": "syntax = \"proto3\";\n", "c.proto": "?",
	})
	for file, want := range map[string]string{"a.proto": "a/b;c", "b.proto": "", "c.proto": "", "none.proto": ""} {
		if got := protofiles.GoPackage(file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	folder(t, map[string]string{
		"a.proto": "", "x/b.proto": "", "x/c.txt": "",
		".git/d.proto": "", "vendor/e.proto": "", "x/testdata/f.proto": "", "node_modules/g.proto": "",
	})
	got, err := protofiles.Find(".")
	if err != nil || !slices.Equal(got, []string{"a.proto", filepath.Join("x", "b.proto")}) {
		t.Errorf("found %q, %v", got, err)
	}
}
