// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew/internal/assert"
)

// routesService returns the descriptor of test.v1.Routes; its options are read
// with types.
func routesService(t *testing.T, types *protoregistry.Types) (*protoregistry.Files, protoreflect.ServiceDescriptor) {
	t.Helper()
	b, err := os.ReadFile("testproto/descriptors.binpb")
	assert.NoError(t, err)
	var set descriptorpb.FileDescriptorSet
	assert.NoError(t, proto.UnmarshalOptions{Resolver: types}.Unmarshal(b, &set))
	files, err := protodesc.NewFiles(&set)
	assert.NoError(t, err)
	service, err := files.FindDescriptorByName("test.v1.Routes")
	assert.NoError(t, err)
	return files, service.(protoreflect.ServiceDescriptor)
}

// TestRulesOf reads annotations that the binary knows and such that it does not.
func TestRulesOf(t *testing.T) {
	files, unknown := routesService(t, new(protoregistry.Types))
	extension, err := files.FindDescriptorByName("google.api.http")
	assert.NoError(t, err)
	types := new(protoregistry.Types)
	assert.NoError(t, types.RegisterExtension(dynamicpb.NewExtensionType(extension.(protoreflect.ExtensionDescriptor))))
	_, known := routesService(t, types)
	for i := range unknown.Methods().Len() {
		m := unknown.Methods().Get(i)
		without, err := rulesOf(m)
		assert.NoError(t, err)
		with, err := rulesOf(known.Methods().Get(i))
		assert.NoError(t, err)
		assert.Equal(t, with, without)
		assert.Equal(t, len(with) == 0, m.Name() == "Hidden", m.Name())
		assert.Equal(t, len(known.Methods().Get(i).Options().ProtoReflect().GetUnknown()), 0)
	}
	update, err := rulesOf(unknown.Methods().ByName("Update"))
	assert.NoError(t, err)
	assert.Equal(t, update[0].method+" "+update[0].path+" "+update[0].body, "PATCH /v1/all/{name} inner")
	assert.Equal(t, update[2].method+" "+update[2].path+" "+update[2].body+" "+update[2].responseBody, "PUT /v1/all/{name}/int64 int64 int64")
}

func TestParseRule(t *testing.T) {
	text := func(n protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, n, protowire.BytesType), s)
	}
	number := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 7)
	r, err := parseRule(slices.Concat(number, text(ruleGet, "/a"), text(rulePost, "/b"), text(77, "x")))
	assert.NoError(t, err)
	assert.Equal(t, r, rule{method: "POST", path: "/b"}, "the last of a oneof wins")
	for name, b := range map[string][]byte{
		"nothing":             nil,
		"a broken tag":        {0xff},
		"a broken number":     number[:len(number)-1],
		"a broken text":       text(ruleGet, "/a")[:3],
		"a broken custom":     slices.Concat(text(ruleGet, "/a"), text(ruleCustom, "\xff")),
		"an empty custom":     text(ruleCustom, ""),
		"a broken addition":   slices.Concat(text(ruleGet, "/a"), text(ruleAdditional, "\xff")),
		"an empty addition":   slices.Concat(text(ruleGet, "/a"), text(ruleAdditional, "")),
		"additions' addition": slices.Concat(text(ruleGet, "/a"), text(ruleAdditional, string(text(ruleAdditional, "")))),
	} {
		_, err := parseRule(b)
		assert.True(t, err != nil, name)
	}
}

func TestParseTemplate(t *testing.T) {
	for text, want := range map[string]template{
		"/v1":               {segments: []string{"v1"}},
		"/v1/*:go":          {segments: []string{"v1", "*"}, verb: "go"},
		"/a%20b/**":         {segments: []string{"a b", "**"}},
		"/{a.b}":            {segments: []string{"*"}, variables: []variable{{field: "a.b", end: 1}}},
		"/x/{a=y/*/z/**}:v": {segments: []string{"x", "y", "*", "z", "**"}, variables: []variable{{field: "a", first: 1, end: -1, multi: true}}, verb: "v"},
		"/{a=x/*}/{b=y}":    {segments: []string{"x", "*", "y"}, variables: []variable{{field: "a", end: 2, multi: true}, {field: "b", first: 2, end: 3}}},
		"/a:b/c":            {segments: []string{"a:b", "c"}},
	} {
		got, err := parseTemplate(text)
		assert.NoError(t, err)
		assert.Equal(t, *got, want, text)
	}
	for text, want := range map[string]string{
		"":              "does not begin with a slash",
		"v1":            "does not begin with a slash",
		"/":             "empty segment",
		"/a/":           "empty segment",
		"/a//b":         "empty segment",
		"/a:":           "the verb",
		"/{a":           "no closing brace",
		"/{a}b":         `no slash before "b"`,
		"/{a={b}}":      `'{'`,
		"/{a}/{a}":      "two variables {a}",
		"/**/a":         "only the last segment",
		"/{a=**}/{b}":   "only the last segment",
		"/{a=}":         "empty segment",
		"/a*":           `'*'`,
		"/a}":           `'}'`,
		"/a?b=c":        `'?'`,
		"/%zz":          "%zz",
		"/{a=x/***}":    `'*'`,
		"/x{a}":         `'{'`,
		"/{a=**}:v:w/x": `no slash before ":v:w/x"`,
	} {
		_, err := parseTemplate(text)
		assert.True(t, err != nil && strings.Contains(err.Error(), want), text, err)
	}
}

// FuzzRule reads annotations, and asks for paths that their templates make.
func FuzzRule(f *testing.F) {
	f.Add([]byte("\x12\x0f/v1/{name=a/**}:"), "/v1/a/b:c")
	f.Add([]byte("\x12\x0c/v1/{a}/*/{b}"), "/v1/%2F/x/%zz")
	f.Add([]byte("\x42\x0a\x0a\x01*\x12\x05/a/**\x5a\x06\x12\x04/b:c"), "/a//:")
	f.Fuzz(func(t *testing.T, annotation []byte, path string) {
		r, err := parseRule(annotation)
		if err != nil {
			return
		}
		root := new(node)
		for _, r := range append([]rule{r}, r.additional...) {
			parsed, err := parseTemplate(r.path)
			if err != nil {
				continue
			}
			_ = root.add(&route{rule: r, template: parsed})
			// What a template is with its wild cards as they are is a path of it.
			literal := "/" + strings.Join(parsed.segments, "/")
			if strings.ContainsAny(literal, "%:") {
				continue
			}
			if parsed.verb != "" {
				literal += ":" + strings.ReplaceAll(strings.ReplaceAll(parsed.verb, "%", "%25"), ":", "%3A")
			}
			if found, _, _ := root.find(r.method, literal); found == nil {
				t.Fatalf("%q is no path of %q", literal, r.path)
			}
		}
		found, segments, allow := root.find("GET", path)
		if found != nil && len(allow) > 0 {
			t.Fatal("found and not allowed")
		}
		if found == nil {
			return
		}
		for _, v := range found.template.variables {
			if _, err := v.value(segments); err != nil {
				t.Fatalf("%q of %q: %v", v.field, path, err)
			}
		}
	})
}
