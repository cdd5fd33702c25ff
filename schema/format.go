// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Format returns a file as the text of a .proto file. It prints what this
// package derives, no more: proto3, without custom options, oneofs and
// extensions.
func Format(file protoreflect.FileDescriptor) string {
	p := &printer{file: file, declared: make(map[protoreflect.Name]bool), nested: make(map[protoreflect.Name]bool)}
	for i := range file.Messages().Len() {
		p.declare(file.Messages().Get(i))
	}
	p.line(0, "// Derived from Go types.")
	p.line(0, "")
	p.line(0, "syntax = \"proto3\";")
	if file.Package() != "" {
		p.line(0, "")
		p.line(0, "package %s;", file.Package())
	}
	for i := range file.Imports().Len() {
		if i == 0 {
			p.line(0, "")
		}
		p.line(0, "import %q;", file.Imports().Get(i).Path())
	}
	for i := range file.Services().Len() {
		p.service(file.Services().Get(i))
	}
	for i := range file.Messages().Len() {
		p.line(0, "")
		p.message(file.Messages().Get(i), 0)
	}
	return p.text.String()
}

type printer struct {
	file     protoreflect.FileDescriptor
	declared map[protoreflect.Name]bool // in this file, at any depth
	nested   map[protoreflect.Name]bool // within messages
	text     strings.Builder
}

func (p *printer) declare(md protoreflect.MessageDescriptor) {
	p.declared[md.Name()] = true
	for i := range md.Messages().Len() {
		p.nested[md.Messages().Get(i).Name()] = true
		p.declare(md.Messages().Get(i))
	}
	for i := range md.Enums().Len() {
		p.nested[md.Enums().Get(i).Name()] = true
		p.declared[md.Enums().Get(i).Name()] = true
	}
}

func (p *printer) line(indent int, format string, args ...any) {
	if format != "" {
		p.text.WriteString(strings.Repeat("  ", indent))
		fmt.Fprintf(&p.text, format, args...)
	}
	p.text.WriteByte('\n')
}

func (p *printer) service(sd protoreflect.ServiceDescriptor) {
	p.line(0, "")
	p.line(0, "service %s {", sd.Name())
	for i := range sd.Methods().Len() {
		m := sd.Methods().Get(i)
		request, reply := p.reference(m.Input().FullName()), p.reference(m.Output().FullName())
		if m.IsStreamingClient() {
			request = "stream " + request
		}
		if m.IsStreamingServer() {
			reply = "stream " + reply
		}
		options, _ := m.Options().(*descriptorpb.MethodOptions)
		if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
			p.line(1, "rpc %s(%s) returns (%s);", m.Name(), request, reply)
			continue
		}
		p.line(1, "rpc %s(%s) returns (%s) {", m.Name(), request, reply)
		p.line(2, "option idempotency_level = %s;", options.GetIdempotencyLevel())
		p.line(1, "}")
	}
	p.line(0, "}")
}

func (p *printer) message(md protoreflect.MessageDescriptor, indent int) {
	if md.Fields().Len()+md.Messages().Len()+md.Enums().Len() == 0 {
		p.line(indent, "message %s {}", md.Name())
		return
	}
	p.line(indent, "message %s {", md.Name())
	for i := range md.Enums().Len() {
		p.enum(md.Enums().Get(i), indent+1)
	}
	for i := range md.Messages().Len() {
		if nested := md.Messages().Get(i); !nested.IsMapEntry() {
			p.message(nested, indent+1)
		}
	}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		option := ""
		if fd.JSONName() != defaultJSONName(fd.Name()) {
			option = fmt.Sprintf(" [json_name = %q]", fd.JSONName())
		}
		p.line(indent+1, "%s %s = %d%s;", fieldType(fd, p.reference), fd.Name(), fd.Number(), option)
	}
	p.line(indent, "}")
}

func (p *printer) enum(ed protoreflect.EnumDescriptor, indent int) {
	p.line(indent, "enum %s {", ed.Name())
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		p.line(indent+1, "%s = %d;", v.Name(), v.Number())
	}
	p.line(indent, "}")
}

// reference returns how this file refers to a type: without the package if it
// is the file's own, with a leading dot if a name nearer by would be found
// instead.
func (p *printer) reference(full protoreflect.FullName) string {
	home := string(p.file.Package())
	name, local := strings.CutPrefix(string(full), home+".")
	first, _, _ := strings.Cut(name, ".")
	shadowed := p.nested[protoreflect.Name(first)]
	if !local {
		shadowed = p.declared[protoreflect.Name(first)] || strings.Contains(home, ".")
	}
	if shadowed {
		return "." + string(full)
	}
	return name
}

// fieldType returns what stands before a field's name, with types named as
// reference says.
func fieldType(fd protoreflect.FieldDescriptor, reference func(protoreflect.FullName) string) string {
	name := fd.Kind().String()
	switch {
	case fd.IsMap():
		return fmt.Sprintf("map<%s, %s>", fd.MapKey().Kind(), fieldType(fd.MapValue(), reference))
	case fd.Message() != nil:
		name = reference(fd.Message().FullName())
	case fd.Enum() != nil:
		name = reference(fd.Enum().FullName())
	}
	switch {
	case fd.IsList():
		return "repeated " + name
	case fd.HasOptionalKeyword():
		return "optional " + name
	}
	return name
}

// defaultJSONName is the JSON name that protoc gives to a field.
func defaultJSONName(name protoreflect.Name) string {
	var b strings.Builder
	upper := false
	for _, r := range string(name) {
		switch {
		case r == '_':
			upper = true
			continue
		case upper && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		upper = false
		b.WriteRune(r)
	}
	return b.String()
}
