// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gencmd_test

import (
	"maps"
	"strings"
	"testing"
)

// refusal is a case of a command that fails and changes nothing.
type refusal struct {
	name   string
	files  map[string]string
	args   []string
	status int
	want   []string // parts of what is said
}

func (r refusal) check(t *testing.T) {
	folder(t, r.files)
	before := tree(t)
	status, stdout, stderr := run(t, r.args...)
	if status != r.status || stdout != "" {
		t.Errorf("status %d, want %d; printed %q", status, r.status, stdout)
	}
	for _, want := range r.want {
		if !strings.Contains(stderr, want) {
			t.Errorf("said\n%s\nwant in it\n%s", stderr, want)
		}
	}
	if !maps.Equal(tree(t), before) {
		t.Error("files were changed")
	}
}

func TestErrors(t *testing.T) {
	for _, r := range []refusal{
		{
			"no files", nil, nil, 1,
			[]string{"there are no .proto files in .; name files or folders, or write one"},
		},
		{
			"no such file", map[string]string{"item.proto": itemProto}, []string{"itme.proto"}, 1,
			[]string{"there is no file itme.proto\n", `did you mean "item.proto"?`},
		},
		{
			"syntax", map[string]string{"item.proto": "syntax = \"proto3\";\nmessage Item {\n  string sku 1;\n}\n"}, nil, 1,
			[]string{"item.proto:3:14: syntax error", "      string sku 1;\n                 ^\n"},
		},
		{
			"no go_package",
			map[string]string{"go.mod": goMod, "api/shop/v1/item.proto": without(itemProto), "api/shop/v1/cart.proto": without(cartProto)}, nil, 1,
			[]string{
				"2 problems\napi/shop/v1/cart.proto:2:1: this file does not say which Go package it belongs to\n    package shop.v1;\n    ^\n" +
					"    add: option go_package = \"example.com/shop/api/shop/v1;shopv1\";\n",
				"set a prefix in curlew.gen.yaml:\n      options: {go_package: example.com/shop/api}",
			},
		},
		{
			"no go_package, with --out",
			map[string]string{"go.mod": goMod, "api/shop/v1/item.proto": without(itemProto)}, []string{"--out", "gen"}, 1,
			[]string{`add: option go_package = "example.com/shop/gen/shop/v1;shopv1";`},
		},
		{
			"no go_package in an import",
			map[string]string{"go.mod": goMod, "shop/v1/item.proto": without(itemProto), "shop/v1/cart.proto": cartProto},
			[]string{"shop/v1/cart.proto"}, 1,
			[]string{"shop/v1/item.proto:2:1: ", "map it in curlew.gen.yaml:\n      options: {mappings: {shop/v1/item.proto: its Go import path}}"},
		},
		{
			"no go.mod", map[string]string{"shop/v1/item.proto": without(itemProto)}, nil, 1,
			[]string{`option go_package = "example.com/shop/v1;shopv1";`, "there is no go.mod"},
		},
		{
			"files of others only", map[string]string{"go.mod": goMod, "other.proto": foreignProto}, nil, 1,
			[]string{"nothing to generate\nleft out, as their go_package is of another module (name them to generate them nevertheless): other.proto"},
		},
		{
			"what the protobuf module has", nil, []string{"-I", ".", "google/protobuf/any.proto"}, 1,
			[]string{"nothing to generate\nleft out, as the protobuf module has its code: google/protobuf/any.proto"},
		},
		{
			"written by hand", map[string]string{"go.mod": goMod, "shop/v1/item.proto": itemProto, "shop/v1/item.pb.go": "package shopv1\n"}, nil, 1,
			[]string{"shop/v1/item.pb.go was written by hand; move it, or generate into another folder with --out"},
		},
		{
			"unknown flag", nil, []string{"--chekc"}, 2,
			[]string{"unknown flag: --chekc\nSee 'curlew gen --help'."},
		},
		{
			"flags that do not go together", nil, []string{"--watch", "--check"}, 2,
			[]string{"--watch writes files as they are saved; it does not go with --check"},
		},
	} {
		t.Run(r.name, r.check)
	}
}

func TestConfigurationErrors(t *testing.T) {
	for _, r := range []refusal{
		{
			"unknown keys", map[string]string{"curlew.gen.yaml": "imputs: [a]\noptions:\n  path: import\n  zzzzzzz: 1\n"}, nil, 1,
			[]string{
				"curlew.gen.yaml:1:1: unknown key \"imputs\"\n    imputs: [a]\n    ^\n    did you mean \"inputs\"?",
				"curlew.gen.yaml:3:3: unknown key \"path\"\n      path: import\n      ^\n    did you mean \"paths\"?",
				"curlew.gen.yaml:4:3: unknown key \"zzzzzzz\"",
				"known are paths, module, go_package, package_suffix, api, mappings",
			},
		},
		{
			"a list where text is", map[string]string{"curlew.gen.yaml": "inputs: [a]\nout: [b]\n"}, nil, 1,
			[]string{"curlew.gen.yaml:2:1: cannot unmarshal a list into string", "    out: [b]\n"},
		},
		{
			"no YAML", map[string]string{"curlew.gen.yaml": "inputs: [a\n"}, nil, 1,
			[]string{"curlew.gen.yaml:"},
		},
		{
			"no such paths", map[string]string{"curlew.gen.yaml": "options: {paths: relative}\n"}, nil, 1,
			[]string{`options.paths is "relative"; it is source_relative or import`},
		},
		{
			"module without paths", map[string]string{"curlew.gen.yaml": "options: {module: a}\n"}, nil, 1,
			[]string{"options.module has a meaning with paths: import only"},
		},
		{
			"mapping of nothing",
			map[string]string{"item.proto": itemProto, "curlew.gen.yaml": "options: {mappings: {itme.proto: a.b/c}}\n"}, nil, 1,
			[]string{"options.mappings names itme.proto, which no file imports"},
		},
		{
			"no such API", map[string]string{"item.proto": itemProto, "curlew.gen.yaml": "options: {api: closed}\n"}, nil, 1,
			[]string{`there is no API "closed"; messages are open, hybrid or opaque`},
		},
		{
			"a suffix that is none", map[string]string{"item.proto": itemProto, "curlew.gen.yaml": "options: {package_suffix: a-b}\n"}, nil, 1,
			[]string{"package_suffix=a-b: a suffix has letters and digits only"},
		},
		{
			"no such configuration", nil, []string{"--config", "x.yaml"}, 1,
			[]string{"configuration: open x.yaml: no such file"},
		},
	} {
		t.Run(r.name, r.check)
	}
}
