// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package describecmd

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// printer writes declarations as they stand in .proto files. Names of the
// package are written without it.
type printer struct {
	strings.Builder
	types *dynamicpb.Types // for custom options
	pkg   protoreflect.FullName
	depth int
}

// line writes one line, indented.
func (p *printer) line(format string, args ...any) {
	p.WriteString(strings.Repeat("  ", p.depth))
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

// block writes what content writes between braces.
func (p *printer) block(head string, content func()) {
	before := p.Len()
	p.line("%s {", head)
	start := p.Len()
	p.depth++
	content()
	p.depth--
	if p.Len() > start {
		p.line("}")
		return
	}
	text := p.String()[:before] // nothing inside: on one line
	p.Reset()
	p.WriteString(text)
	p.line("%s {}", head)
}

// declaration writes d by itself; a method with its messages, each once.
func (p *printer) declaration(d protoreflect.Descriptor) {
	switch d := d.(type) {
	case protoreflect.ServiceDescriptor:
		p.service(d)
	case protoreflect.MethodDescriptor:
		p.method(d)
		for i, m := range []protoreflect.MessageDescriptor{d.Input(), d.Output()} {
			if !m.IsPlaceholder() && (i == 0 || m.FullName() != d.Input().FullName()) {
				p.WriteByte('\n')
				if pkg := m.ParentFile().Package(); pkg != p.pkg {
					p.pkg = pkg
					p.line("// package %s", pkg)
				}
				p.message(m)
			}
		}
	case protoreflect.MessageDescriptor:
		p.message(d)
	case protoreflect.EnumDescriptor:
		p.enum(d)
	case protoreflect.EnumValueDescriptor:
		p.enumValue(d)
	case protoreflect.OneofDescriptor:
		p.oneof(d)
	case protoreflect.FieldDescriptor:
		if d.IsExtension() {
			p.block("extend "+p.name(d.ContainingMessage()), func() { p.field(d) })
		} else {
			p.field(d)
		}
	}
}

// leading writes the comment before a declaration.
func (p *printer) leading(d protoreflect.Descriptor) {
	comment := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	if comment == "" {
		return
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(comment, "\n"), "\n") {
		p.line("%s", strings.TrimRight("//"+text, " "))
	}
}

// trailing returns the comment behind a declaration, as part of its line.
func (p *printer) trailing(d protoreflect.Descriptor) string {
	comment := strings.TrimSpace(d.ParentFile().SourceLocations().ByDescriptor(d).TrailingComments)
	if comment == "" {
		return ""
	}
	return " // " + strings.ReplaceAll(comment, "\n", "")
}

// name returns the name of a type as it is referred to.
func (p *printer) name(d protoreflect.Descriptor) string {
	full := string(d.FullName())
	if p.pkg != "" {
		if short, ok := strings.CutPrefix(full, string(p.pkg)+"."); ok {
			return short
		}
	}
	return full
}

func (p *printer) service(s protoreflect.ServiceDescriptor) {
	p.leading(s)
	p.block("service "+string(s.Name()), func() {
		p.optionLines(s)
		for i := range s.Methods().Len() {
			p.method(s.Methods().Get(i))
		}
	})
}

func (p *printer) method(m protoreflect.MethodDescriptor) {
	p.leading(m)
	side := func(d protoreflect.MessageDescriptor, stream bool) string {
		if stream {
			return "stream " + p.name(d)
		}
		return p.name(d)
	}
	head := fmt.Sprintf("rpc %s(%s) returns (%s)", m.Name(), side(m.Input(), m.IsStreamingClient()), side(m.Output(), m.IsStreamingServer()))
	if len(p.options(m)) > 0 {
		p.block(head, func() { p.optionLines(m) })
		return
	}
	p.line("%s;%s", head, p.trailing(m))
}

func (p *printer) message(m protoreflect.MessageDescriptor) {
	p.leading(m)
	p.block("message "+string(m.Name()), func() { p.messageBody(m) })
}

func (p *printer) messageBody(m protoreflect.MessageDescriptor) {
	start := p.Len()
	p.optionLines(m)
	groups := make(map[protoreflect.FullName]bool) // declared with their fields
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if isGroup(f) {
			groups[f.Message().FullName()] = true
		}
		one := f.ContainingOneof()
		switch {
		case one == nil || one.IsSynthetic():
			p.field(f)
		case one.Fields().Get(0) == f:
			p.oneof(one)
		}
	}
	for i := range m.ExtensionRanges().Len() {
		p.line("extensions %s;", fieldRange(m.ExtensionRanges().Get(i)))
	}
	p.reservedFields(m)
	for i := range m.Enums().Len() {
		p.gap(start)
		p.enum(m.Enums().Get(i))
	}
	for i := range m.Messages().Len() {
		if nested := m.Messages().Get(i); !nested.IsMapEntry() && !groups[nested.FullName()] {
			p.gap(start)
			p.message(nested)
		}
	}
	for i := range m.Extensions().Len() {
		p.gap(start)
		p.declaration(m.Extensions().Get(i))
	}
}

// gap writes an empty line between what was written since start and what comes.
func (p *printer) gap(start int) {
	if p.Len() > start {
		p.WriteByte('\n')
	}
}

func (p *printer) reservedFields(m protoreflect.MessageDescriptor) {
	var ranges []string
	for i := range m.ReservedRanges().Len() {
		ranges = append(ranges, fieldRange(m.ReservedRanges().Get(i)))
	}
	p.reserved(m, ranges, m.ReservedNames())
}

func (p *printer) reserved(d protoreflect.Descriptor, ranges []string, names protoreflect.Names) {
	if len(ranges) > 0 {
		p.line("reserved %s;", strings.Join(ranges, ", "))
	}
	if names.Len() == 0 {
		return
	}
	var list []string
	for i := range names.Len() {
		name := string(names.Get(i))
		if d.ParentFile().Syntax() != protoreflect.Editions {
			name = fmt.Sprintf("%q", name)
		}
		list = append(list, name)
	}
	p.line("reserved %s;", strings.Join(list, ", "))
}

// fieldRange writes a range whose end does not belong to it.
func fieldRange(r [2]protoreflect.FieldNumber) string {
	const afterLast = 1 << 29
	switch {
	case r[1] == r[0]+1:
		return fmt.Sprint(r[0])
	case r[1] >= afterLast:
		return fmt.Sprintf("%d to max", r[0])
	default:
		return fmt.Sprintf("%d to %d", r[0], r[1]-1)
	}
}

func (p *printer) oneof(o protoreflect.OneofDescriptor) {
	p.leading(o)
	p.block("oneof "+string(o.Name()), func() {
		p.optionLines(o)
		for i := range o.Fields().Len() {
			p.field(o.Fields().Get(i))
		}
	})
}

func (p *printer) field(f protoreflect.FieldDescriptor) {
	p.leading(f)
	options := ""
	if list := p.fieldOptions(f); len(list) > 0 {
		options = " [" + strings.Join(list, ", ") + "]"
	}
	label := label(f)
	if isGroup(f) {
		p.block(fmt.Sprintf("%sgroup %s = %d%s", label, f.Message().Name(), f.Number(), options), func() { p.messageBody(f.Message()) })
		return
	}
	p.line("%s%s %s = %d%s;%s", label, p.typeOf(f), f.Name(), f.Number(), options, p.trailing(f))
}

// isGroup reports whether a field is written as a group, as proto2 has them.
func isGroup(f protoreflect.FieldDescriptor) bool {
	return f.Kind() == protoreflect.GroupKind && f.ParentFile().Syntax() != protoreflect.Editions
}

// label returns what stands before a field's type.
func label(f protoreflect.FieldDescriptor) string {
	syntax := f.ParentFile().Syntax()
	one := f.ContainingOneof()
	switch {
	case f.IsMap():
		return ""
	case f.IsList():
		return "repeated "
	case syntax == protoreflect.Editions, one != nil && !one.IsSynthetic():
		return ""
	case syntax == protoreflect.Proto2 && f.Cardinality() == protoreflect.Required:
		return "required "
	case syntax == protoreflect.Proto2, f.HasOptionalKeyword():
		return "optional "
	default:
		return ""
	}
}

func (p *printer) typeOf(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", p.typeOf(f.MapKey()), p.typeOf(f.MapValue()))
	case f.Message() != nil:
		return p.name(f.Message())
	case f.Enum() != nil:
		return p.name(f.Enum())
	default:
		return f.Kind().String()
	}
}

func (p *printer) enum(e protoreflect.EnumDescriptor) {
	p.leading(e)
	p.block("enum "+string(e.Name()), func() {
		p.optionLines(e)
		for i := range e.Values().Len() {
			p.enumValue(e.Values().Get(i))
		}
		var ranges []string
		for i := range e.ReservedRanges().Len() {
			ranges = append(ranges, enumRange(e.ReservedRanges().Get(i)))
		}
		p.reserved(e, ranges, e.ReservedNames())
	})
}

// enumRange writes a range whose end belongs to it.
func enumRange(r [2]protoreflect.EnumNumber) string {
	switch {
	case r[1] == r[0]:
		return fmt.Sprint(r[0])
	case r[1] == math.MaxInt32:
		return fmt.Sprintf("%d to max", r[0])
	default:
		return fmt.Sprintf("%d to %d", r[0], r[1])
	}
}

func (p *printer) enumValue(v protoreflect.EnumValueDescriptor) {
	p.leading(v)
	options := ""
	if list := p.options(v); len(list) > 0 {
		options = " [" + strings.Join(list, ", ") + "]"
	}
	p.line("%s = %d%s;%s", v.Name(), v.Number(), options, p.trailing(v))
}
