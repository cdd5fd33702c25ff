// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package describecmd

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// optionLines writes the options of a declaration as statements.
func (p *printer) optionLines(d protoreflect.Descriptor) {
	for _, o := range p.options(d) {
		p.line("option %s;", o)
	}
}

// fieldOptions returns a field's options, with those that descriptors keep apart.
func (p *printer) fieldOptions(f protoreflect.FieldDescriptor) []string {
	var list []string
	if f.HasDefault() {
		list = append(list, "default = "+p.scalar(f, f.Default()))
	}
	if !f.IsExtension() && f.JSONName() != jsonName(string(f.Name())) {
		list = append(list, fmt.Sprintf("json_name = %q", f.JSONName()))
	}
	return append(list, p.options(f)...)
}

// jsonName is the name that a field has in JSON if it is not given one.
func jsonName(name string) string {
	var b strings.Builder
	upper := false
	for _, c := range []byte(name) {
		switch {
		case c == '_':
			upper = true
			continue
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteByte(c)
	}
	return b.String()
}

// options returns what is set in a declaration's options, "deprecated = true",
// custom ones too if what declares them is known.
func (p *printer) options(d protoreflect.Descriptor) []string {
	options := d.Options()
	if options == nil || !options.ProtoReflect().IsValid() {
		return nil
	}
	m := options.ProtoReflect()
	if b, err := proto.Marshal(options); err == nil {
		known := m.New() // with the extensions that are known here
		if (proto.UnmarshalOptions{Resolver: p.types}).Unmarshal(b, known.Interface()) == nil {
			m = known
		}
	}
	type set struct {
		field protoreflect.FieldDescriptor
		value protoreflect.Value
	}
	var all []set
	for f, v := range m.Range {
		all = append(all, set{f, v})
	}
	slices.SortFunc(all, func(a, b set) int { return cmp.Compare(a.field.Number(), b.field.Number()) })
	var list []string
	for _, s := range all {
		name := string(s.field.Name())
		switch {
		case s.field.IsExtension():
			name = "(" + string(s.field.FullName()) + ")"
		case name == "map_entry" || name == "uninterpreted_option":
			continue
		}
		if s.field.IsList() {
			for i := range s.value.List().Len() {
				list = append(list, name+" = "+p.scalar(s.field, s.value.List().Get(i)))
			}
		} else if !s.field.IsMap() {
			list = append(list, name+" = "+p.scalar(s.field, s.value))
		}
	}
	return list
}

// scalar writes a value as it stands behind the = of an option.
func (p *printer) scalar(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch f.Kind() {
	case protoreflect.StringKind:
		return strconv.Quote(v.String())
	case protoreflect.BytesKind:
		return strconv.QuoteToASCII(string(v.Bytes()))
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByNumber(v.Enum()); value != nil {
			return string(value.Name())
		}
		return fmt.Sprint(v.Enum())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return "{" + singleSpaced(prototext.MarshalOptions{Resolver: p.types}.Format(v.Message().Interface())) + "}"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		switch x := v.Float(); {
		case math.IsInf(x, 1):
			return "inf"
		case math.IsInf(x, -1):
			return "-inf"
		case math.IsNaN(x):
			return "nan"
		default:
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
	default:
		return v.String()
	}
}

// singleSpaced removes the spaces that prototext puts in at random: all but one
// of those that follow one another outside of quotation marks.
func singleSpaced(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted && i > 0 && text[i-1] == ' ':
			continue
		}
		b.WriteByte(c)
	}
	return strings.TrimSpace(b.String())
}
