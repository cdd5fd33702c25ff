// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	connectError = "connect.Error"
	rpcStatus    = "google.rpc.Status"
)

func reference(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

// message returns the schema of a message: of its own for well-known ones, else
// a reference to what it adds to the components.
func (b *builder) message(md protoreflect.MessageDescriptor) *schema {
	if s := wellKnown(md); s != nil {
		return s
	}
	name := string(md.FullName())
	if !b.known[name] {
		b.known[name] = true // before its fields, which may lead back here
		at := len(b.document.Components.Schemas)
		b.document.Components.Schemas.add(name, nil)
		b.document.Components.Schemas[at].value = b.object(md)
	}
	return reference(name)
}

// object returns the schema of a message's fields.
func (b *builder) object(md protoreflect.MessageDescriptor) *schema {
	s := &schema{Type: "object", Description: comment(md), Deprecated: deprecated(md)}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		s.Properties.add(fd.JSONName(), b.described(fd))
		if fd.Cardinality() == protoreflect.Required {
			s.Required = append(s.Required, fd.JSONName())
		}
	}
	for i := range md.Oneofs().Len() {
		if od := md.Oneofs().Get(i); !od.IsSynthetic() {
			s.AllOf = append(s.AllOf, atMostOne(od))
		}
	}
	return s
}

// atMostOne is the schema of objects with no more than one field of a oneof.
func atMostOne(od protoreflect.OneofDescriptor) *schema {
	var each []*schema
	for i := range od.Fields().Len() {
		each = append(each, &schema{Required: []string{od.Fields().Get(i).JSONName()}})
	}
	none := &schema{Not: &schema{AnyOf: each}}
	return &schema{Title: string(od.Name()), Description: comment(od), OneOf: append(slices.Clip(each), none)}
}

// described returns the schema of a field, with what is said about it.
func (b *builder) described(fd protoreflect.FieldDescriptor) *schema {
	s := b.field(fd)
	text := comment(fd)
	if text != "" {
		s.Description = text
	}
	if deprecated(fd) {
		s.Deprecated = true
	}
	return s
}

// field returns the schema of a field's value.
func (b *builder) field(fd protoreflect.FieldDescriptor) *schema {
	switch {
	case fd.IsMap():
		return &schema{Type: "object", AdditionalProperties: b.single(fd.MapValue())}
	case fd.IsList():
		return &schema{Type: "array", Items: b.single(fd)}
	}
	return b.single(fd)
}

// single returns the schema of one value of a field.
func (b *builder) single(fd protoreflect.FieldDescriptor) *schema {
	switch {
	case fd.Message() != nil:
		return b.message(fd.Message())
	case fd.Enum() != nil:
		return b.enum(fd.Enum())
	}
	s := scalar(fd.Kind())
	if s.Format == "int64" && derived(fd.ParentFile()) {
		s.Type, s.Pattern = []string{"integer", "string"}, ""
	}
	return s
}

// scalar returns the schema of a scalar in ProtoJSON.
func scalar(kind protoreflect.Kind) *schema {
	switch kind {
	case protoreflect.BoolKind:
		return &schema{Type: "boolean"}
	case protoreflect.StringKind:
		return &schema{Type: "string"}
	case protoreflect.BytesKind:
		return &schema{Type: "string", ContentEncoding: "base64"}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return &schema{Type: "integer", Format: "int32"}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return &schema{Type: "integer", Minimum: new(int64), Maximum: bound(math.MaxUint32)}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return &schema{Type: "string", Format: "int64", Pattern: "^-?[0-9]+$"}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return &schema{Type: "string", Format: "int64", Pattern: "^[0-9]+$"}
	case protoreflect.FloatKind:
		return float("float")
	default:
		return float("double")
	}
}

func bound(n int64) *int64 { return &n }

// float returns the schema of a number that may be none.
func float(format string) *schema {
	return &schema{AnyOf: []*schema{
		{Type: "number", Format: format},
		{Type: "string", Enum: []any{"NaN", "Infinity", "-Infinity"}},
	}}
}

// enum returns a reference to the schema of an enum.
func (b *builder) enum(ed protoreflect.EnumDescriptor) *schema {
	if ed.FullName() == "google.protobuf.NullValue" {
		return &schema{Type: "null"}
	}
	name := string(ed.FullName())
	if b.known[name] {
		return reference(name)
	}
	b.known[name] = true
	s := &schema{Type: "string", Deprecated: deprecated(ed)}
	text := []string{comment(ed)}
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		s.Enum = append(s.Enum, string(v.Name()))
		if c := comment(v); c != "" {
			text = append(text, fmt.Sprintf("- %s: %s", v.Name(), strings.ReplaceAll(c, "\n", " ")))
		}
	}
	s.Description = strings.TrimSpace(strings.Join(text, "\n"))
	b.document.Components.Schemas.add(name, s)
	return reference(name)
}

// derived tells whether a file was derived from Go types (package schema of
// Curlew), whose 64-bit integers are numbers in JSON as long as they are exact.
func derived(file protoreflect.FileDescriptor) bool {
	return file.Path() == string(file.Package())+".proto" && goPackage(file) == ""
}

// wellKnown returns the schema of a message that has a form of its own in
// ProtoJSON, nil for others.
func wellKnown(md protoreflect.MessageDescriptor) *schema {
	if md.FullName().Parent() != "google.protobuf" {
		return nil
	}
	switch md.Name() {
	case "Timestamp":
		return &schema{Type: "string", Format: "date-time"}
	case "Duration":
		return &schema{Type: "string", Pattern: `^-?[0-9]+(\.[0-9]{1,9})?s$`, Description: "Seconds: 1.5s"}
	case "FieldMask":
		return &schema{Type: "string", Description: "Names of fields, divided by commas."}
	case "Struct":
		return &schema{Type: "object"}
	case "Empty":
		return &schema{Type: "object"}
	case "Value":
		return &schema{Description: "Any JSON."}
	case "ListValue":
		return &schema{Type: "array", Items: new(schema)}
	case "Any":
		s := &schema{Type: "object", Description: "A message of any type.", Required: []string{"@type"}}
		s.Properties.add("@type", &schema{Type: "string", Description: "The type's URL: type.googleapis.com/pkg.Message"})
		return s
	case "BoolValue", "StringValue", "BytesValue", "Int32Value", "UInt32Value", "Int64Value", "UInt64Value", "FloatValue", "DoubleValue":
		return scalar(md.Fields().ByName("value").Kind())
	}
	return nil
}

// errors adds the schema of one of the two forms of errors and returns the
// response that has it.
func (b *builder) errors(name string) *response {
	if !b.known[name] {
		b.known[name] = true
		b.document.Components.Schemas.add(name, errorSchema(name))
	}
	r := &response{Description: "The call failed."}
	r.Content.add(typeJSON, media{reference(name)})
	return r
}

func errorSchema(name string) *schema {
	s := &schema{Type: "object", Required: []string{"code"}}
	detail := &schema{Type: "object"}
	if name == connectError {
		s.Description = "An error as the Connect protocol has it."
		code := &schema{Type: "string"}
		for _, c := range codes {
			code.Enum = append(code.Enum, c)
		}
		s.Properties.add("code", code)
		detail.Properties.add("type", &schema{Type: "string", Description: "The full name of the detail's message."})
		detail.Properties.add("value", &schema{Type: "string", ContentEncoding: "base64", Description: "The detail in protobuf, without padding."})
		detail.Required = []string{"type", "value"}
	} else {
		s.Description = "An error as google.rpc.Status has it."
		s.Properties.add("code", &schema{Type: "integer", Format: "int32", Description: "The number of the status code, 5 for not_found."})
		detail.Properties.add("@type", &schema{Type: "string"})
		detail.Required = []string{"@type"}
	}
	s.Properties.add("message", &schema{Type: "string"})
	s.Properties.add("details", &schema{Type: "array", Items: detail})
	return s
}

// codes are those that calls fail with.
var codes = [...]string{
	"canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
	"resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable",
	"data_loss", "unauthenticated",
}
