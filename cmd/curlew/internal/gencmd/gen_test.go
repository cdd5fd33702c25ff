// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/gencmd"
)

const (
	goMod     = "module example.com/shop\n\ngo 1.26\n"
	itemProto = "syntax = \"proto3\";\npackage shop.v1;\noption go_package = \"example.com/shop/shop/v1;shopv1\";\n" +
		"// Item is sold.\nmessage Item { string sku = 1; }\n"
	cartProto = "syntax = \"proto3\";\npackage shop.v1;\nimport \"shop/v1/item.proto\";\noption go_package = \"example.com/shop/shop/v1;shopv1\";\n" +
		"service Cart { rpc Add(Item) returns (Item); }\n"
	foreignProto = "syntax = \"proto3\";\npackage other;\noption go_package = \"example.org/other\";\nmessage Other {}\n"
)

// without returns a .proto file without its go_package.
func without(content string) string {
	var lines []string
	for line := range strings.Lines(content) {
		if !strings.HasPrefix(line, "option go_package") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// folder writes files below a new folder, which becomes the current one.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		write(t, name, content)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.FromSlash(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tree returns what is in the current folder, by name.
func tree(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[filepath.ToSlash(path)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// made returns the names of Go files in the current folder.
func made(t *testing.T) []string {
	t.Helper()
	var names []string
	for name := range maps.Keys(tree(t)) {
		if strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// run runs the command in the current folder.
func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return runContext(t.Context(), args...)
}

func runContext(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &err}
	status = env.Run(ctx, env.Root("curlew", "", gencmd.New(env)), append([]string{"gen"}, args...))
	return status, out.String(), err.String()
}

func TestGenerate(t *testing.T) {
	shop := map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto}
	beside := []string{"shop/v1/cart.curlew.go", "shop/v1/cart.pb.go", "shop/v1/item.pb.go"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(shop)
		maps.Copy(all, more)
		return all
	}
	tests := []struct {
		name   string
		files  map[string]string
		args   []string
		made   []string
		stderr string // part of it
	}{
		{"nothing said", shop, nil, beside, "3 files written, 0 unchanged; imports are relative to ."},
		{"one file", shop, []string{"shop/v1/item.proto"}, beside[2:], "1 file written"},
		{"a folder", shop, []string{"shop"}, beside, ""},
		{"a name", shop, []string{"-I", ".", "shop/v1/item.proto"}, beside[2:], ""},
		{"--out", shop, []string{"--out", "gen"}, []string{"gen/shop/v1/cart.curlew.go", "gen/shop/v1/cart.pb.go", "gen/shop/v1/item.pb.go"},
			"its go_package is example.com/shop/shop/v1, but its code is written to the package example.com/shop/gen/shop/v1"},
		{"another root", map[string]string{"api/shop/v1/item.proto": itemProto, "api/shop/v1/cart.proto": cartProto}, nil,
			[]string{"api/shop/v1/cart.curlew.go", "api/shop/v1/cart.pb.go", "api/shop/v1/item.pb.go"}, "imports are relative to api"},
		{"files of others", with(map[string]string{"third_party/other/other.proto": foreignProto}), nil, beside,
			"left out, as their go_package is of another module (name them to generate them nevertheless): third_party/other/other.proto"},
		{"a file of others, by its name", with(map[string]string{"third_party/other/other.proto": foreignProto}),
			[]string{"third_party/other/other.proto"}, []string{"third_party/other/other.pb.go"}, ""},
		{"files of others, which import what is not there",
			with(map[string]string{"third_party/other/other.proto": foreignProto + "import \"google/api/nowhere.proto\";\n"}), nil, beside, "left out"},
		{"two modules", map[string]string{
			"go.mod": goMod, "shop/v1/item.proto": itemProto,
			"other/go.mod": "// The other one.\nmodule \"example.org/other\"\n", "other/other.proto": foreignProto,
		}, nil, []string{"other/other.pb.go", "shop/v1/item.pb.go"}, ""},
		{"folders that are skipped", with(map[string]string{"vendor/a.proto": "?", ".b/c.proto": "?", "shop/testdata/d.proto": "?"}), nil, beside, ""},
		{"configured",
			map[string]string{
				"curlew.gen.yaml": "inputs: [api]\nimport_paths: [api]\nout: gen\noptions:\n  go_package: example.com/shop/gen\nplugins: {curlew: false}\n",
				"go.mod":          goMod, "api/shop/v1/item.proto": without(itemProto), "api/shop/v1/cart.proto": without(cartProto),
			}, nil, []string{"gen/shop/v1/cart.pb.go", "gen/shop/v1/item.pb.go"}, ""},
		{"configured as an error says",
			map[string]string{
				"curlew.gen.yaml": "options: {go_package: example.com/shop/api}\n", "go.mod": goMod,
				"api/shop/v1/item.proto": without(itemProto), "api/shop/v1/cart.proto": without(cartProto),
			}, nil, []string{"api/shop/v1/cart.curlew.go", "api/shop/v1/cart.pb.go", "api/shop/v1/item.pb.go"}, "3 files written, 0 unchanged; imports are relative to api\n"},
		{"configured elsewhere",
			map[string]string{
				"sub/my.yaml": "# all by itself\noptions:\n  mappings: {shop/v1/item.proto: example.com/shop/sub/shop/v1;shopv1}\n",
				"go.mod":      goMod, "sub/shop/v1/item.proto": without(itemProto), "bad.proto": "?",
			}, []string{"-c", "sub/my.yaml"}, []string{"sub/shop/v1/item.pb.go"}, ""},
		{"an empty configuration", with(map[string]string{"curlew.gen.yaml": "# nothing\n"}), nil, beside, ""},
		{"by Go import path", with(map[string]string{"curlew.gen.yaml": "options: {paths: import}\n"}), nil, beside, ""},
		{"by Go import path, of another module",
			with(map[string]string{"curlew.gen.yaml": "out: gen\noptions: {paths: import, module: example.com}\n"}), nil,
			[]string{"gen/shop/shop/v1/cart.curlew.go", "gen/shop/shop/v1/cart.pb.go", "gen/shop/shop/v1/item.pb.go"}, ""},
		{"services in their own package", with(map[string]string{"curlew.gen.yaml": "options: {package_suffix: rpc}\n"}), nil,
			[]string{"shop/v1/cart.pb.go", "shop/v1/item.pb.go", "shop/v1/shopv1rpc/cart.curlew.go"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder(t, tt.files)
			status, stdout, stderr := run(t, tt.args...)
			if status != 0 {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			if got := made(t); !slices.Equal(got, tt.made) {
				t.Errorf("made %q, want %q", got, tt.made)
			}
			if want := strings.Join(tt.made, "\n") + "\n"; filepath.ToSlash(stdout) != want {
				t.Errorf("printed\n%swant\n%s", stdout, want)
			}
			if !strings.Contains(stderr, tt.stderr) {
				t.Errorf("said\n%swant in it\n%s", stderr, tt.stderr)
			}
		})
	}
}

func TestContent(t *testing.T) {
	folder(t, map[string]string{
		"curlew.gen.yaml": "options: {api: opaque, go_package: example.com/shop}\n",
		"go.mod":          goMod, "shop/v1/item.proto": without(itemProto), "shop/v1/cart.proto": without(cartProto),
	})
	if status, _, stderr := run(t); status != 0 {
		t.Fatal(stderr)
	}
	files := tree(t)
	for name, want := range map[string]string{
		"shop/v1/item.pb.go":     "// Item is sold.\ntype Item struct {\n\tstate          protoimpl.MessageState `protogen:\"opaque.v1\"`",
		"shop/v1/cart.pb.go":     "package shopv1\n",
		"shop/v1/cart.curlew.go": "func NewCartClient(",
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s lacks %q:\n%s", name, want, files[name])
		}
	}
}

func TestUnchanged(t *testing.T) {
	folder(t, map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto})
	if status, _, stderr := run(t); status != 0 {
		t.Fatal(stderr)
	}
	before := make(map[string]os.FileInfo)
	for _, name := range made(t) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = info
	}
	write(t, "shop/v1/item.proto", strings.Replace(itemProto, "sku", "code", 1))
	status, stdout, stderr := run(t)
	if status != 0 || strings.TrimSpace(stdout) != filepath.FromSlash("shop/v1/item.pb.go") {
		t.Errorf("status %d, printed %q, said %q", status, stdout, stderr)
	}
	for name, was := range before {
		is, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if same := os.SameFile(was, is); same != (name != "shop/v1/item.pb.go") {
			t.Errorf("%s: the same file: %v", name, same)
		}
	}
}

func TestCheck(t *testing.T) {
	folder(t, map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto, "shop/v1/cart.proto": cartProto})
	before := tree(t)
	status, stdout, stderr := run(t, "--check")
	if status != 1 || strings.Count(stdout, "\n") != 3 || !strings.Contains(stderr, "the code of 3 files is not what the .proto files say; run 'curlew gen'") {
		t.Errorf("status %d, printed %q, said %q", status, stdout, stderr)
	}
	if status, stdout, _ = run(t, "--dry-run"); status != 0 || strings.Count(stdout, "\n") != 3 {
		t.Errorf("--dry-run: status %d, printed %q", status, stdout)
	}
	if !maps.Equal(tree(t), before) {
		t.Errorf("files are %q", slices.Sorted(maps.Keys(tree(t))))
	}
	if status, _, stderr := run(t); status != 0 {
		t.Fatal(stderr)
	}
	if status, stdout, stderr = run(t, "--check", "--quiet"); status != 0 || stdout+stderr != "" {
		t.Errorf("up to date: status %d, printed %q, said %q", status, stdout, stderr)
	}
}

func TestJSON(t *testing.T) {
	folder(t, map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto})
	status, stdout, stderr := run(t, "--json", "--dry-run")
	var got struct {
		ImportPaths []string `json:"import_paths"`
		Changed     []string `json:"changed"`
		Written     bool     `json:"written"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 0 || stderr != "" {
		t.Fatalf("status %d, %v\n%s%s", status, err, stdout, stderr)
	}
	if !slices.Equal(got.ImportPaths, []string{"."}) || len(got.Changed) != 1 || got.Written {
		t.Errorf("got %+v", got)
	}
}
