// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobmessage_test

import (
	"bytes"
	"encoding/gob"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/apipb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/gobmessage"
)

// TestGenerated exchanges a message with the Go type that protoc-gen-go made.
func TestGenerated(t *testing.T) {
	const text = `{"name":"n","requestTypeUrl":"u","requestStreaming":true,"syntax":"SYNTAX_PROTO3",` +
		`"options":[{"name":"o","value":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}]}`
	typ, err := gobmessage.Of((*apipb.Method)(nil).ProtoReflect().Descriptor())
	if err != nil {
		t.Fatal(err)
	}
	sent := dynamicpb.NewMessage((*apipb.Method)(nil).ProtoReflect().Descriptor())
	if err := protojson.Unmarshal([]byte(text), sent); err != nil {
		t.Fatal(err)
	}
	v, err := typ.Value(sent)
	if err != nil {
		t.Fatal(err)
	}
	var generated apipb.Method
	transfer(t, v, &generated)
	if !proto.Equal(&generated, sent) {
		t.Errorf("got %v", &generated)
	}
	back := typ.New()
	transfer(t, &generated, back)
	received := dynamicpb.NewMessage(sent.Descriptor())
	if err := typ.Read(back, received); err != nil || !proto.Equal(received, sent) {
		t.Errorf("got %v, %v", received, err)
	}
}

// transfer sends a value as a gob.
func transfer(t *testing.T, from, to any) {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(from); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(to); err != nil {
		t.Fatal(err)
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		message proto.Message
		want    string
	}{
		{new(structpb.Value), "oneof kind"},
		{new(structpb.Struct), "google.protobuf.Struct.fields[]: "},
	} {
		if _, err := gobmessage.Of(test.message.ProtoReflect().Descriptor()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}

// TestNames is about the Go names of fields, of plain structs and of generated ones.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		goPackage string
		fields    []string
		want      string
	}{
		{"", []string{"A", "UserName"}, "A UserName"},
		{"", []string{"user_id"}, "UserId UserID"},
		{"", []string{"userId"}, "UserId UserID"},
		{"", []string{"sku", "name"}, "Sku Name SKU NAME"},
		{"", []string{"id", "ID"}, "Id ID"},
		{"", []string{"long_words"}, "LongWords"},
		{"", []string{"_id"}, "XId ID"},
		{"a", []string{"user_id", "a_1", "b2b", "_x", "sku", "get_sku", "string"}, "UserId A_1 B2B XX Sku GetSku_ String_"},
	} {
		md := messageOf(t, test.goPackage, "Plain", test.fields...)
		typ, err := gobmessage.Of(md)
		if err != nil {
			t.Error(err)
			continue
		}
		var names []string
		for f := range reflect.TypeOf(typ.New()).Elem().Fields() {
			names = append(names, f.Name)
		}
		want := strings.Fields(test.want)
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("%s: got %s, want %s", test.fields, names, want)
		}
	}
}

// TestBare is about messages that stand for what is no struct.
func TestBare(t *testing.T) {
	for _, test := range []struct {
		goPackage, name, field string
		want                   reflect.Type
	}{
		{"", "IntValue", "value", reflect.TypeFor[*string]()},
		{"a", "IntValue", "value", nil},
		{"", "Int", "value", nil},
		{"", "IntValue", "Value", nil},
	} {
		typ, err := gobmessage.Of(messageOf(t, test.goPackage, test.name, test.field))
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.TypeOf(typ.New())
		if test.want != nil && got != test.want || test.want == nil && got.Elem().Kind() != reflect.Struct {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

// messageOf returns a message whose fields are strings.
func messageOf(t *testing.T, goPackage, name string, fields ...string) protoreflect.MessageDescriptor {
	t.Helper()
	m := &descriptorpb.DescriptorProto{Name: &name}
	for i, field := range fields {
		m.Field = append(m.Field, &descriptorpb.FieldDescriptorProto{
			Name: &field, Number: proto.Int32(int32(i + 1)), JsonName: proto.String("j" + field),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		})
	}
	file := &descriptorpb.FileDescriptorProto{Name: proto.String("a.proto"), MessageType: []*descriptorpb.DescriptorProto{m}}
	if goPackage != "" {
		file.Options = &descriptorpb.FileOptions{GoPackage: &goPackage}
	}
	fd, err := protodesc.NewFile(file, new(protoregistry.Files))
	if err != nil {
		t.Fatal(err)
	}
	return fd.Messages().Get(0)
}
