// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// A compilation compiles one type with all that it refers to. Its messages are
// published only when all of them are complete.
type compilation struct {
	compiler *Compiler
	messages map[reflect.Type]*message
}

// root compiles t as a message: structs as they are, all else as
// message{value=1}.
func (c *compilation) root(t reflect.Type) (*message, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		return nil, cannot(t.String(), "a pointer as a message", fmt.Sprintf("use %s", t.Elem()))
	case t.Kind() == reflect.Struct && t != timeType:
		return c.structure(t, t.String())
	}
	m := &message{typ: t, wrapper: true}
	f, err := c.field(t, t.String())
	if err != nil {
		return nil, err
	}
	f.number, f.name, f.jsonName, f.goName = 1, "value", "value", "value"
	m.fields = []field{f}
	m.finish()
	return m, nil
}

// structure compiles a struct. The path leads to it from the root, for errors.
func (c *compilation) structure(t reflect.Type, path string) (*message, error) {
	if m, ok := c.compiler.messages.Load(t); ok {
		return m.(*message), nil
	}
	if m, ok := c.messages[t]; ok {
		return m, nil
	}
	m := &message{typ: t}
	c.messages[t] = m
	members, err := membersOf(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	names := make(nameSet)
	for _, member := range members {
		f, err := c.field(member.typ, path+"."+member.goName)
		if err != nil {
			return nil, err
		}
		f.number, f.hops, f.offset = member.number, member.hops, member.offset
		f.goName, f.jsonName = member.goName, member.jsonName
		f.name = names.add(identifier(member.jsonName))
		if f.shape == mapping {
			names.add(mapEntryName(f.name))
		}
		m.fields = append(m.fields, f)
	}
	m.finish()
	return m, nil
}

// finish completes a message whose fields are known.
func (m *message) finish() {
	const direct = 128 // numbers below are looked up in a slice
	m.byName = make(map[string]int, len(m.fields))
	for i := range m.fields {
		f := &m.fields[i]
		wire := f.value.wire
		if (f.shape == list || f.shape == array) && f.value.packable() || f.shape == mapping {
			wire = protowire.BytesType
		}
		f.tag = wireTag(f.number, wire)
		if f.shape == array {
			f.index = m.arrays
			m.arrays++
		}
		if f.number < direct {
			for len(m.byNumber) <= int(f.number) {
				m.byNumber = append(m.byNumber, -1)
			}
			m.byNumber[f.number] = int16(i)
		} else {
			if m.high == nil {
				m.high = make(map[protowire.Number]int16)
			}
			m.high[f.number] = int16(i)
		}
		m.byName[f.name] = i
	}
	for i := range m.fields {
		m.byName[m.fields[i].jsonName] = i // goes before another field's name
	}
}

// field compiles the shape and the values of a field of type t.
func (c *compilation) field(t reflect.Type, path string) (f field, err error) {
	f.typ = t
	switch k := t.Kind(); {
	case isBytes(t):
		f.value, err = c.value(t, path)
	case k == reflect.Slice:
		f.shape = list
		f.value, err = c.element(t.Elem(), path+"[]")
	case k == reflect.Array:
		f.shape, f.length = array, t.Len()
		f.value, err = c.element(t.Elem(), path+"[]")
	case k == reflect.Map:
		f.shape = mapping
		if f.key, err = c.key(t.Key(), path); err == nil {
			f.value, err = c.element(t.Elem(), path+"[]")
		}
	case k == reflect.Pointer && t.Elem().Kind() != reflect.Struct:
		f.shape = optional
		f.value, err = c.optional(t.Elem(), path)
	default:
		f.value, err = c.value(t, path)
	}
	return f, err
}

// isBytes reports whether t is sent as one string of bytes.
func isBytes(t reflect.Type) bool {
	k := t.Kind()
	return (k == reflect.Slice || k == reflect.Array) && t.Elem().Kind() == reflect.Uint8 && !isEnum(t.Elem())
}

// element compiles an element of a slice or array, or a value of a map.
func (c *compilation) element(t reflect.Type, path string) (value, error) {
	if t == reflect.PointerTo(timeType) {
		return value{}, cannot(path, "an element of type *time.Time, which may be nil,", "use time.Time")
	}
	return c.value(t, path)
}

// optional compiles T of an optional field *T.
func (c *compilation) optional(t reflect.Type, path string) (value, error) {
	switch k := t.Kind(); {
	case k == reflect.Pointer:
		return value{}, cannot(path, "a pointer to a pointer", "use a single pointer")
	case (k == reflect.Map || k == reflect.Slice || k == reflect.Array) && !isBytes(t):
		return value{}, cannot(path, fmt.Sprintf("a pointer to a %s", k), fmt.Sprintf("use %s, which is absent when it is empty", t))
	}
	return c.value(t, path)
}

// key compiles a map's key.
func (c *compilation) key(t reflect.Type, path string) (value, error) {
	switch k := t.Kind(); k {
	case reflect.String:
		return c.value(t, path)
	case reflect.Float32, reflect.Float64:
	default:
		if v, ok := number(t); ok {
			return v, nil
		}
	}
	return value{}, cannot(path, fmt.Sprintf("a map with keys of type %s", t), "use string, bool or integer keys")
}

// value compiles a single value.
func (c *compilation) value(t reflect.Type, path string) (v value, err error) {
	v = value{typ: t, wire: protowire.BytesType}
	switch k := t.Kind(); {
	case t == durationType:
		v.kind, v.proto = kindDuration, protoreflect.MessageKind
	case isEnum(t):
		v, _ = number(t)
		v.kind, v.proto = kindEnum, protoreflect.EnumKind
		if v.enum, err = enumOf(t); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	case k == reflect.String:
		v.kind, v.proto = kindString, protoreflect.StringKind
	case isBytes(t) && k == reflect.Slice:
		v.kind, v.proto = kindBytes, protoreflect.BytesKind
	case isBytes(t):
		v.kind, v.proto, v.length = kindByteArray, protoreflect.BytesKind, t.Len()
	case k == reflect.Struct:
		return c.messageValue(t, false, path)
	case k == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return c.messageValue(t.Elem(), true, path)
	default:
		n, ok := number(t)
		if !ok {
			return v, inexpressible(t, path)
		}
		v = n
	}
	return v, err
}

// messageValue compiles a struct, or a pointer to one, as a value.
func (c *compilation) messageValue(t reflect.Type, pointer bool, path string) (v value, err error) {
	v = value{typ: t, pointer: pointer, wire: protowire.BytesType, proto: protoreflect.MessageKind}
	switch {
	case t == timeType:
		v.kind = kindTime
	case isProto(t) && !pointer:
		err = cannot(path, fmt.Sprintf("the message %s as a value", t), fmt.Sprintf("use *%s", t))
	case isProto(t):
		v.kind = kindProto
		md, err := protoDescriptor(t)
		if err != nil {
			return v, fmt.Errorf("%s: %w", path, err)
		}
		v.nullable = md.FullName() == "google.protobuf.Value"
	default:
		v.kind = kindMessage
		v.message, err = c.structure(t, path)
	}
	return v, err
}

// number returns the plan of a bool, integer or float.
func number(t reflect.Type) (value, bool) {
	v := value{typ: t, kind: kindNumber, wire: protowire.VarintType}
	switch t.Kind() {
	case reflect.Bool:
		v.memory, v.proto = memBool, protoreflect.BoolKind
	case reflect.Int8:
		v.memory, v.proto = memInt8, protoreflect.Int32Kind
	case reflect.Int16:
		v.memory, v.proto = memInt16, protoreflect.Int32Kind
	case reflect.Int32:
		v.memory, v.proto = memInt32, protoreflect.Int32Kind
	case reflect.Int64:
		v.memory, v.proto = memInt64, protoreflect.Int64Kind
	case reflect.Int:
		v.memory, v.proto = memInt, protoreflect.Int64Kind
	case reflect.Uint8:
		v.memory, v.proto = memUint8, protoreflect.Uint32Kind
	case reflect.Uint16:
		v.memory, v.proto = memUint16, protoreflect.Uint32Kind
	case reflect.Uint32:
		v.memory, v.proto = memUint32, protoreflect.Uint32Kind
	case reflect.Uint64:
		v.memory, v.proto = memUint64, protoreflect.Uint64Kind
	case reflect.Uint:
		v.memory, v.proto = memUint, protoreflect.Uint64Kind
	case reflect.Float32:
		v.memory, v.proto, v.wire = memUint32, protoreflect.FloatKind, protowire.Fixed32Type
	case reflect.Float64:
		v.memory, v.proto, v.wire = memUint64, protoreflect.DoubleKind, protowire.Fixed64Type
	default:
		return v, false
	}
	return v, true
}

// cannot says that something at a path cannot be expressed, and what to do.
func cannot(path, what, instead string) error {
	return fmt.Errorf("%s: %s cannot be expressed in protobuf; %s", path, what, instead)
}

// inexpressible refuses a type by name.
func inexpressible(t reflect.Type, path string) error {
	const skip = "or leave the field out with `curlew:\"-\"`"
	switch t.Kind() {
	case reflect.Interface:
		return cannot(path, fmt.Sprintf("interface type %s", t), "use a concrete type or map[string]string, "+skip)
	case reflect.Slice, reflect.Array, reflect.Map:
		return cannot(path, fmt.Sprintf("%s inside a slice, array or map", t), "wrap it in a struct")
	case reflect.Pointer:
		return cannot(path, fmt.Sprintf("%s inside a slice, array, map or pointer", t), fmt.Sprintf("use %s", t.Elem()))
	case reflect.Chan, reflect.Func:
		return cannot(path, fmt.Sprintf("%s type %s", t.Kind(), t), "send what it yields, "+skip)
	case reflect.Complex64, reflect.Complex128:
		return cannot(path, t.String(), "use a struct of two floats")
	case reflect.Uintptr, reflect.UnsafePointer:
		return cannot(path, t.String(), "an address means nothing to another process, "+skip)
	}
	return errors.New(path + ": " + t.String() + " is not supported")
}
