// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// Check reports why values of type t cannot travel in a stream. What gob itself
// refuses is told here before anything is sent. Protobuf messages are what
// their exported Go fields are: a oneof is an interface, and the opaque API has
// no fields.
func Check(t reflect.Type) error {
	return check(t, t.String(), make(map[reflect.Type]bool))
}

// Empty reports whether t is a protobuf message without fields. It is carried
// as an empty struct; gob would refuse its Go type.
func Empty(t reflect.Type) bool {
	m, ok := message(t)
	return ok && m.ProtoReflect().Descriptor().Fields().Len() == 0
}

func message(t reflect.Type) (proto.Message, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(reflect.TypeFor[proto.Message]()) {
		return nil, false
	}
	return reflect.Zero(reflect.PointerTo(t)).Interface().(proto.Message), true
}

func check(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if encodesItself(t) || seen[t] {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer:
		return check(t.Elem(), path, seen)
	case reflect.Slice, reflect.Array:
		return check(t.Elem(), path+"[]", seen)
	case reflect.Map:
		if err := check(t.Key(), path+" key", seen); err != nil {
			return err
		}
		return check(t.Elem(), path+"[]", seen)
	case reflect.Struct:
		return checkStruct(t, path, seen)
	case reflect.Interface:
		return fmt.Errorf("%s is an interface (%v): gob needs a concrete type here", path, t)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Errorf("%s is a %v, which gob cannot encode", path, t.Kind())
	}
	return nil
}

func checkStruct(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	fields := 0
	for f := range t.Fields() {
		if !f.IsExported() || f.Type.Kind() == reflect.Chan || f.Type.Kind() == reflect.Func {
			continue // not sent
		}
		fields++
		if err := check(f.Type, path+"."+f.Name, seen); err != nil {
			return err
		}
	}
	if fields > 0 || t.NumField() == 0 {
		return nil
	}
	if m, ok := message(t); ok && m.ProtoReflect().Descriptor().Fields().Len() > 0 {
		return fmt.Errorf("%s is a protobuf message of the opaque API, whose fields gob cannot see", path)
	}
	return fmt.Errorf("%s has no exported fields", path)
}

// encodesItself reports whether gob lets t's own methods encode or decode it.
func encodesItself(t reflect.Type) bool {
	for _, method := range [...]reflect.Type{
		reflect.TypeFor[gob.GobEncoder](), reflect.TypeFor[gob.GobDecoder](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
	} {
		if t.Implements(method) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(method) {
			return true
		}
	}
	return false
}
