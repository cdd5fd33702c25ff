// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobmessage

import (
	"fmt"
	"reflect"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// New returns a pointer to a new value of the type, to decode a gob into.
func (t *Type) New() any {
	if t.bare {
		return reflect.New(t.message.fields[0].goType()).Interface()
	}
	return reflect.New(t.message.goType).Interface()
}

// Value returns a pointer to what a message of the type is in Go.
func (t *Type) Value(m protoreflect.Message) (any, error) {
	v := reflect.New(t.message.goType)
	if err := t.message.encode(m, v.Elem()); err != nil {
		return nil, err
	}
	if t.bare {
		return v.Elem().Field(0).Addr().Interface(), nil
	}
	return v.Interface(), nil
}

// Read sets a message of the type, which is empty, to what v is, a pointer that
// New has returned.
func (t *Type) Read(v any, m protoreflect.Message) error {
	value := reflect.ValueOf(v).Elem()
	if t.bare {
		s := reflect.New(t.message.goType).Elem()
		s.Field(0).Set(value)
		value = s
	}
	return t.message.decode(value, m)
}

// deep is the error of a value that is deeper in itself than its type.
func (m *message) deep() error {
	return fmt.Errorf("the messages %s are nested too deep for a gob that is made of descriptors; use another protocol", m.desc.FullName())
}

func (m *message) encode(from protoreflect.Message, to reflect.Value) error {
	if m.cut {
		return m.deep()
	}
	for i := range m.fields {
		f := &m.fields[i]
		if !from.Has(f.fd) {
			continue
		}
		v, err := f.encode(from.Get(f.fd))
		if err != nil {
			return err
		}
		for _, index := range f.indices {
			to.Field(index).Set(v)
		}
	}
	var err error
	from.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if fd.IsExtension() {
			err = fmt.Errorf("gob cannot carry the extension %s", fd.FullName())
		}
		return err == nil
	})
	return err
}

func (f *field) encode(from protoreflect.Value) (reflect.Value, error) {
	to := reflect.New(f.goType()).Elem()
	switch {
	case f.fd.IsMap():
		to.Set(reflect.MakeMap(to.Type()))
		var failed error
		from.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			var v reflect.Value
			if v, failed = f.element.encode(value); failed == nil {
				to.SetMapIndex(reflect.ValueOf(key.Interface()), v)
			}
			return failed == nil
		})
		return to, failed
	case f.fd.IsList():
		for i := range from.List().Len() {
			v, err := f.element.encode(from.List().Get(i))
			if err != nil {
				return to, err
			}
			to.Set(reflect.Append(to, v))
		}
		return to, nil
	default:
		return f.element.encode(from)
	}
}

func (e *element) encode(from protoreflect.Value) (reflect.Value, error) {
	switch e.kind {
	case structure:
		v := reflect.New(e.message.goType)
		return v, e.message.encode(from.Message(), v.Elem())
	case timestamp:
		seconds, nanos := parts(from.Message())
		at := time.Unix(seconds, nanos).UTC()
		return reflect.ValueOf(&at), nil
	case duration:
		seconds, nanos := parts(from.Message())
		return reflect.ValueOf((&durationpb.Duration{Seconds: seconds, Nanos: int32(nanos)}).AsDuration()), nil
	default:
		return reflect.ValueOf(from.Interface()).Convert(e.goType), nil
	}
}

// parts returns the fields of a google.protobuf.Timestamp or Duration.
func parts(m protoreflect.Message) (seconds, nanos int64) {
	fields := m.Descriptor().Fields()
	return m.Get(fields.ByName("seconds")).Int(), m.Get(fields.ByName("nanos")).Int()
}

func setParts(m protoreflect.Message, seconds int64, nanos int32) {
	fields := m.Descriptor().Fields()
	m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(seconds))
	m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(nanos))
}

func (m *message) decode(from reflect.Value, to protoreflect.Message) error {
	if m.cut {
		return m.deep()
	}
	for i := range m.fields {
		f := &m.fields[i]
		for _, index := range f.indices {
			if v := from.Field(index); !v.IsZero() { // gob does not send zeros
				if err := f.decode(v, to); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

func (f *field) decode(from reflect.Value, to protoreflect.Message) error {
	switch {
	case f.fd.IsMap():
		values := to.Mutable(f.fd).Map()
		for key, value := range from.Seq2() {
			v, err := f.element.decode(f.fd.MapValue(), value, values.NewValue)
			if err != nil {
				return err
			}
			values.Set(protoreflect.ValueOf(key.Interface()).MapKey(), v)
		}
	case f.fd.IsList():
		list := to.Mutable(f.fd).List()
		for i := range from.Len() {
			v, err := f.element.decode(f.fd, from.Index(i), list.NewElement)
			if err != nil {
				return err
			}
			list.Append(v)
		}
	default:
		v, err := f.element.decode(f.fd, from, func() protoreflect.Value { return to.NewField(f.fd) })
		if err != nil {
			return err
		}
		to.Set(f.fd, v)
	}
	return nil
}

// decode returns a value of a field; empty makes one of a message.
func (e *element) decode(fd protoreflect.FieldDescriptor, from reflect.Value, empty func() protoreflect.Value) (protoreflect.Value, error) {
	switch {
	case e.kind == scalar && fd.Kind() == protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(from.Int())), nil
	case e.kind == scalar:
		return protoreflect.ValueOf(from.Interface()), nil
	}
	v := empty()
	switch e.kind {
	case timestamp:
		if !from.IsNil() {
			at := timestamppb.New(*from.Interface().(*time.Time))
			setParts(v.Message(), at.Seconds, at.Nanos)
		}
	case duration:
		d := durationpb.New(time.Duration(from.Int()))
		setParts(v.Message(), d.Seconds, d.Nanos)
	default:
		if !from.IsNil() {
			return v, e.message.decode(from.Elem(), v.Message())
		}
	}
	return v, nil
}
