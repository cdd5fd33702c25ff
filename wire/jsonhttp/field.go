// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxPath bounds the fields in the path of one, and so how deep it may be.
const maxPath = 32

// resolve finds the fields of a path such as "book.author.name"; all but the
// last are single messages. Fields are named as in the .proto file or as in
// JSON.
func resolve(m protoreflect.MessageDescriptor, path string) ([]protoreflect.FieldDescriptor, error) {
	var fields []protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if len(fields) > 0 {
			last := fields[len(fields)-1]
			if !isMessage(last) {
				return nil, fmt.Errorf("%s is no message, it has no field %q", last.Name(), name)
			}
			m = last.Message()
		}
		if len(fields) == maxPath {
			return nil, fmt.Errorf("more than %d fields deep", maxPath)
		}
		f, err := field(m, name)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// field finds one field.
func field(m protoreflect.MessageDescriptor, name string) (protoreflect.FieldDescriptor, error) {
	if f := m.Fields().ByName(protoreflect.Name(name)); f != nil {
		return f, nil
	}
	if f := m.Fields().ByJSONName(name); f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("%s has no field %q; it has %s", m.FullName(), name, fieldNames(m))
}

// isMessage reports whether the field is a single message.
func isMessage(f protoreflect.FieldDescriptor) bool {
	return f.Message() != nil && !f.IsList() && !f.IsMap()
}

// fieldNames lists the fields of a message, for errors.
func fieldNames(m protoreflect.MessageDescriptor) string {
	const most = 20
	var names []string
	for i := range min(m.Fields().Len(), most) {
		names = append(names, string(m.Fields().Get(i).Name()))
	}
	switch {
	case len(names) == 0:
		return "none"
	case m.Fields().Len() > most:
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// pathOf returns the path to the last of the fields.
func pathOf(fields []protoreflect.FieldDescriptor) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(f.Name())
	}
	return strings.Join(names, ".")
}

// scalar returns nil if a text can be the field's only value, or why not.
func scalar(f protoreflect.FieldDescriptor) error {
	switch {
	case f.IsMap():
		return fmt.Errorf("%s is a map", f.Name())
	case f.IsList():
		return fmt.Errorf("%s is repeated", f.Name())
	case f.Message() != nil && textOf(f.Message()) == noText:
		return fmt.Errorf("%s is a message, %s; name one of its fields", f.Name(), f.Message().FullName())
	}
	return nil
}

// target is a field of a message that a text is to be stored in.
type target struct {
	message protoreflect.Message
	field   protoreflect.FieldDescriptor
}

// reach makes the messages on the way to a field.
func reach(m protoreflect.Message, fields []protoreflect.FieldDescriptor) (target, error) {
	for i, f := range fields {
		if err := exclusive(m, f); err != nil {
			return target{}, err
		}
		if i == len(fields)-1 {
			break
		}
		m = m.Mutable(f).Message()
	}
	return target{message: m, field: fields[len(fields)-1]}, nil
}

// exclusive finds another member of the field's oneof that is set.
func exclusive(m protoreflect.Message, f protoreflect.FieldDescriptor) error {
	oneof := f.ContainingOneof()
	if oneof == nil {
		return nil
	}
	if other := m.WhichOneof(oneof); other != nil && other != f {
		return fmt.Errorf("%s and %s exclude one another", f.Name(), other.Name())
	}
	return nil
}

// store stores what the text says; a repeated field gets one element more.
func (t target) store(text string) error {
	if t.field.IsMap() {
		return errors.New("a map cannot be given as text")
	}
	if t.field.IsList() {
		list := t.message.Mutable(t.field).List()
		v, err := parse(t.field, list.NewElement, text)
		if err == nil {
			list.Append(v)
		}
		return err
	}
	v, err := parse(t.field, func() protoreflect.Value { return t.message.NewField(t.field) }, text)
	if err == nil {
		t.message.Set(t.field, v)
	}
	return err
}
