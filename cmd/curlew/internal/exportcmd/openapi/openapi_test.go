// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/exportcmd/openapi"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
)

var update = flag.Bool("update", false, "write the golden files")

// googleapis has google/api/annotations.proto.
const googleapis = "../../../../../wire/jsonhttp/testproto"

// compile returns a file's services and all that it knows.
func compile(t *testing.T, file string) ([]protoreflect.ServiceDescriptor, *protoregistry.Files) {
	t.Helper()
	r, err := protofiles.Compile(t.Context(), []string{"testdata", googleapis}, file)
	if err != nil {
		t.Fatal(err)
	}
	var services []protoreflect.ServiceDescriptor
	for i := range r.Named[0].Services().Len() {
		services = append(services, r.Named[0].Services().Get(i))
	}
	return services, r.Files
}

// build returns the document of services, as JSON and as values.
func build(t *testing.T, services []protoreflect.ServiceDescriptor) (text []byte, document map[string]any, left []string) {
	t.Helper()
	d, left, err := openapi.Build(services, openapi.Options{Title: "Shop", Version: "1.2.0", Servers: []string{"https://shop.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if text, err = d.JSON(); err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := d.YAML()
	var same map[string]any
	if err == nil {
		err = yaml.Unmarshal(asYAML, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(same)
	if err != nil {
		t.Fatal(err)
	}
	var fromYAML map[string]any
	if err := json.Unmarshal(again, &fromYAML); err != nil || !reflect.DeepEqual(document, fromYAML) {
		t.Errorf("the YAML says something else than the JSON (%v):\n%s", err, asYAML)
	}
	return text, document, left
}

// TestGolden compares with files that have been read by people.
func TestGolden(t *testing.T) {
	services, _ := compile(t, "shop.proto")
	d, left, err := openapi.Build(services, openapi.Options{Title: "Shop", Version: "1.2.0"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/shop.yaml"
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the document is not %s; go test -update writes it:\n%s", name, got)
	}
	if len(left) != 1 || !strings.HasPrefix(left[0], "shop.v1.Cart/Upload: ") {
		t.Errorf("left out are %q, want Upload alone", left)
	}
}

// TestValid holds documents to the published schema of OpenAPI 3.1
// (https://spec.openapis.org/oas/3.1/schema/2022-10-07), and to what that cannot
// say.
func TestValid(t *testing.T) {
	published, err := jsonschema.NewCompiler().Compile("testdata/openapi-3.1-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"shop.proto", "routes.proto"} {
		services, _ := compile(t, file)
		_, document, _ := build(t, services[:1])
		if err := published.Validate(document); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		checkOperations(t, document)
		checkReferences(t, document, document)
	}
}

// checkOperations looks whether operations have names of their own, and whether
// their parameters are those of the path.
func checkOperations(t *testing.T, document map[string]any) {
	t.Helper()
	seen := make(map[any]bool)
	shapes := make(map[string]bool)
	for path, item := range document["paths"].(map[string]any) {
		var shape strings.Builder
		for i, part := range strings.Split(path, "{") {
			if i > 0 {
				_, part, _ = strings.Cut(part, "}")
				part = "{}" + part
			}
			shape.WriteString(part)
		}
		if shapes[shape.String()] {
			t.Errorf("%s differs from another path by the names of its variables alone", path)
		}
		shapes[shape.String()] = true
		for method, o := range item.(map[string]any) {
			o := o.(map[string]any)
			if seen[o["operationId"]] {
				t.Errorf("there are two operations %s", o["operationId"])
			}
			seen[o["operationId"]] = true
			parameters, _ := o["parameters"].([]any)
			n := 0
			names := make(map[any]bool)
			for _, p := range parameters {
				p := p.(map[string]any)
				if names[p["name"]] {
					t.Errorf("%s %s has two parameters %s", method, path, p["name"])
				}
				names[p["name"]] = true
				if p["in"] != "path" {
					continue
				}
				n++
				if !strings.Contains(path, "{"+p["name"].(string)+"}") {
					t.Errorf("%s %s has a parameter %s that the path has not", method, path, p["name"])
				}
			}
			if n != strings.Count(path, "{") {
				t.Errorf("%s %s has %d parameters of the path", method, path, n)
			}
		}
	}
}

// checkReferences looks whether all that is referred to is there.
func checkReferences(t *testing.T, document map[string]any, at any) {
	t.Helper()
	switch v := at.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, "#/components/schemas/")
			if document["components"].(map[string]any)["schemas"].(map[string]any)[name] == nil {
				t.Errorf("there is no %s", ref)
			}
		}
		for _, inner := range v {
			checkReferences(t, document, inner)
		}
	case []any:
		for _, inner := range v {
			checkReferences(t, document, inner)
		}
	}
}

// TestMessages holds what protojson makes of messages to their schemas.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ file, message, text string }{
		{"shop.proto", "shop.v1.Contents", ``},
		{"shop.proto", "shop.v1.Contents", `cart{name:"carts/7"} items{sku:"a" kind:FOOD count:9007199254740993 weight:inf old:true} items{code:"\x00\xff"} items{weight:nan}
			prices{key:"a" value:-5} changed{seconds:1 nanos:5} age{seconds:-3 nanos:-500000000} note{list_value{values{null_value:NULL_VALUE} values{bool_value:true}}}
			labels{fields{key:"k" value{struct_value{}}}} extra{[type.googleapis.com/shop.v1.CartName]{name:"x"}} parts{parts{}}`},
		{"routes.proto", "test.v1.Everything", `name:"n" int32:-1 int64:-1 uint32:4294967295 uint64:18446744073709551615 float:1.5 double:-1e300 bool:true bytes:"\xfe"
			color:RED text:"t" texts:"a" numbers:7 colors:GREEN counts{key:"k" value:1} optional:"" inner{inner{}} inners{} left:"l" time{} duration{} mask{paths:"a.b_c" paths:"d"}
			text_value{} bool_value{} int64_value{value:5} bytes_value{value:"b"} camel_case:"c"`},
	} {
		services, files := compile(t, c.file)
		text, _, _ := build(t, services[:1])
		s := schemaOf(t, text, c.message)
		types := dynamicpb.NewTypes(files)
		found, err := files.FindDescriptorByName(protoreflect.FullName(c.message))
		if err != nil {
			t.Fatal(err)
		}
		m := dynamicpb.NewMessage(found.(protoreflect.MessageDescriptor))
		if err := (prototext.UnmarshalOptions{Resolver: types}).Unmarshal([]byte(c.text), m); err != nil {
			t.Fatal(err)
		}
		for _, o := range []protojson.MarshalOptions{{Resolver: types}, {Resolver: types, EmitDefaultValues: true}} {
			message, err := o.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, s, string(message)); err != nil {
				t.Errorf("%s: %v", message, err)
			}
		}
	}
}

func TestMessagesRefused(t *testing.T) {
	services, _ := compile(t, "shop.proto")
	text, _, _ := build(t, services)
	s := schemaOf(t, text, "shop.v1.Item")
	for _, message := range []string{`{"sku":"a","code":"AA=="}`, `{"kind":"DRINK"}`, `{"howMany":"many"}`, `{"howMany":5}`, `{"weight":"heavy"}`, `{"old":1}`, `[]`} {
		if err := validate(t, s, message); err == nil {
			t.Errorf("%s is taken", message)
		}
	}
	for _, message := range []string{`{"sku":"a"}`, `{"code":"AA=="}`, `{}`} {
		if err := validate(t, s, message); err != nil {
			t.Errorf("%s: %v", message, err)
		}
	}
	failed := schemaOf(t, text, "connect.Error")
	if err := validate(t, failed, `{"code":"not_found","message":"no","details":[{"type":"a.B","value":"AA"}]}`); err != nil {
		t.Error(err)
	}
	if err := validate(t, failed, `{"code":5}`); err == nil {
		t.Error("a number is taken as Connect's code")
	}
}

// schemaOf returns a schema of a document.
func schemaOf(t *testing.T, document []byte, name string) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("https://shop.example/openapi.json", value); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://shop.example/openapi.json#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// TestWrong is of annotations that cannot be read.
func TestWrong(t *testing.T) {
	services, _ := compile(t, "routes.proto")
	for _, sd := range services {
		if sd.Name() != "Wrong" {
			continue
		}
		_, _, err := openapi.Build([]protoreflect.ServiceDescriptor{sd}, openapi.Options{})
		if err == nil || !strings.Contains(err.Error(), "test.v1.Wrong.") {
			t.Errorf("the error is %v, want one that names the method", err)
		}
	}
}
