// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew/schema"
)

func compile[T any](t testing.TB) *schema.Type {
	t.Helper()
	var c schema.Compiler
	compiled, err := c.Compile(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// TestAgainstDynamic lets protobuf-go's dynamic messages read what the codec
// writes and the codec what they write.
func TestAgainstDynamic(t *testing.T) {
	testAgainstDynamic[Everything](t, 300)
	testAgainstDynamic[Tree](t, 100)
	testAgainstDynamic[Color](t, 10)
	testAgainstDynamic[int](t, 20)
	testAgainstDynamic[string](t, 20)
	testAgainstDynamic[[]byte](t, 10)
	testAgainstDynamic[[]Point](t, 20)
	testAgainstDynamic[map[string]Tree](t, 20)
	testAgainstDynamic[[3]uint16](t, 20)
	testAgainstDynamic[time.Time](t, 10)
	testAgainstDynamic[time.Duration](t, 10)
	testAgainstDynamic[struct{ A, B int }](t, 10)
	testAgainstDynamic[struct{}](t, 1)
}

func testAgainstDynamic[T any](t *testing.T, rounds uint64) {
	t.Run(fmt.Sprintf("%v", reflect.TypeFor[T]()), func(t *testing.T) {
		typ := compile[T](t)
		for seed := range rounds {
			want := new(T)
			newRandom(seed).fill(reflect.ValueOf(want).Elem(), 3)
			b, err := typ.Append([]byte("head"), want)
			if err != nil {
				t.Fatalf("seed %d: Append: %v", seed, err)
			}
			b = b[len("head"):]
			if n, err := typ.Size(want); err != nil || n != len(b) {
				t.Fatalf("seed %d: Size = %d, %v; Append wrote %d bytes", seed, n, err, len(b))
			}
			dynamic := dynamicpb.NewMessage(typ.Descriptor())
			if err := proto.Unmarshal(b, dynamic); err != nil {
				t.Fatalf("seed %d: dynamic message: %v", seed, err)
			}
			refuseUnknown(t, dynamic)
			if b, err = proto.Marshal(dynamic); err != nil {
				t.Fatal(err)
			}
			got := new(T)
			newRandom(seed+1).fill(reflect.ValueOf(got).Elem(), 3) // Decode must forget this
			if err := typ.Decode(b, got); err != nil {
				t.Fatalf("seed %d: Decode: %v", seed, err)
			}
			if d := difference(reflect.ValueOf(got), reflect.ValueOf(want)); d != "" {
				t.Fatalf("seed %d: got and want differ at %s", seed, d)
			}
		}
	})
}

// difference returns where two values differ, "" if they are equal as of
// reflect.DeepEqual. Unlike that it compares protobuf messages as such.
func difference(a, b reflect.Value) string {
	if a.Kind() == reflect.Pointer && a.Type().Implements(reflect.TypeFor[proto.Message]()) && !a.IsNil() && !b.IsNil() {
		if !proto.Equal(a.Interface().(proto.Message), b.Interface().(proto.Message)) {
			return fmt.Sprintf(": %v and %v", a, b)
		}
		return ""
	}
	switch k := a.Kind(); {
	case k == reflect.Pointer && !a.IsNil() && !b.IsNil():
		return difference(a.Elem(), b.Elem())
	case k == reflect.Struct && a.Type() != reflect.TypeFor[time.Time]():
		for i := range a.NumField() {
			if d := difference(a.Field(i), b.Field(i)); d != "" && a.Type().Field(i).IsExported() {
				return "." + a.Type().Field(i).Name + d
			}
		}
		return ""
	case k == reflect.Array, k == reflect.Slice && a.Len() == b.Len() && a.IsNil() == b.IsNil():
		for i := range a.Len() {
			if d := difference(a.Index(i), b.Index(i)); d != "" {
				return fmt.Sprintf("[%d]%s", i, d)
			}
		}
		return ""
	case k == reflect.Map && a.Len() == b.Len() && a.IsNil() == b.IsNil():
		for iter := a.MapRange(); iter.Next(); {
			other := b.MapIndex(iter.Key())
			if !other.IsValid() {
				return fmt.Sprintf("[%v]: missing", iter.Key())
			}
			if d := difference(iter.Value(), other); d != "" {
				return fmt.Sprintf("[%v]%s", iter.Key(), d)
			}
		}
		return ""
	case a.CanInterface() && !reflect.DeepEqual(a.Interface(), b.Interface()):
		return fmt.Sprintf(": %#v and %#v", a, b)
	}
	return ""
}

func refuseUnknown(t *testing.T, m protoreflect.Message) {
	t.Helper()
	if len(m.GetUnknown()) > 0 {
		t.Fatalf("%s has unknown fields: %x", m.Descriptor().FullName(), m.GetUnknown())
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap() && fd.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				refuseUnknown(t, v.Message())
				return true
			})
		case fd.IsList() && fd.Message() != nil:
			for i := range v.List().Len() {
				refuseUnknown(t, v.List().Get(i).Message())
			}
		case !fd.IsMap() && fd.Message() != nil:
			refuseUnknown(t, v.Message())
		}
		return true
	})
}
