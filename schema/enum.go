// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// An Enumerator is a named integer type that becomes a protobuf enum. Other
// integer types, whether named or not, become integers.
type Enumerator interface {
	// EnumValues returns the name of every number, 0 among them. It is called
	// on a zero value, once per Compiler.
	EnumValues() map[int32]string
}

var (
	enumeratorType = reflect.TypeFor[Enumerator]()
	protoEnumType  = reflect.TypeFor[protoreflect.Enum]()
)

// An enum is the plan of an integer type with named values.
type enum struct {
	typ        reflect.Type
	names      map[int32]string
	numbers    map[string]int32
	unsigned   bool
	descriptor protoreflect.EnumDescriptor // of a generated enum, else nil
}

// isEnum reports whether values of type t have names: it has EnumValues or is
// an enum generated from a .proto file.
func isEnum(t reflect.Type) bool {
	if k := t.Kind(); k < reflect.Int || k > reflect.Uint64 {
		return false
	}
	return t.Implements(enumeratorType) || t.Implements(protoEnumType)
}

func enumOf(t reflect.Type) (*enum, error) {
	e := &enum{typ: t, numbers: make(map[string]int32), unsigned: t.Kind() >= reflect.Uint}
	zero := reflect.Zero(t).Interface()
	if generated, ok := zero.(protoreflect.Enum); ok {
		e.descriptor = generated.Descriptor()
		if e.descriptor.IsClosed() {
			return nil, fmt.Errorf("enum %s is closed (proto2); use an open enum or an integer", t)
		}
		values := e.descriptor.Values()
		e.names = make(map[int32]string, values.Len())
		for i := range values.Len() {
			v := values.Get(i)
			e.numbers[string(v.Name())] = int32(v.Number())
			if first := values.ByNumber(v.Number()); first.Index() == i {
				e.names[int32(v.Number())] = string(v.Name())
			}
		}
		return e, nil
	}
	e.names = zero.(Enumerator).EnumValues()
	if _, ok := e.names[0]; !ok {
		return nil, fmt.Errorf("%s.EnumValues has no name for 0, which protobuf requires", t)
	}
	for _, number := range e.sorted() {
		name := e.names[number]
		switch _, taken := e.numbers[name]; {
		case !protoreflect.Name(name).IsValid():
			return nil, fmt.Errorf("%s.EnumValues names %d %q; names consist of letters, digits and underscores", t, number, name)
		case taken:
			return nil, fmt.Errorf("%s.EnumValues names two numbers %q", t, name)
		case e.unsigned && number < 0:
			return nil, fmt.Errorf("%s.EnumValues has the number %d, which the type cannot hold", t, number)
		}
		e.numbers[name] = number
	}
	return e, nil
}

// sorted returns the enum's numbers in ascending order, but 0 first as
// protobuf wants it.
func (e *enum) sorted() []int32 {
	numbers := slices.Sorted(maps.Keys(e.names))
	zero := slices.Index(numbers, 0)
	copy(numbers[1:], numbers[:zero])
	numbers[0] = 0
	return numbers
}

var errEnumRange = errors.New("the value does not fit into an enum, whose numbers have 32 bits")

// load returns the number of the enum value at p.
func (e *enum) load(p pointer, m memory) (int32, error) {
	x := int64(p.load(m))
	if x < math.MinInt32 || x > math.MaxInt32 || x < 0 && e.unsigned {
		return 0, errEnumRange
	}
	return int32(x), nil
}

// store sets the enum value at p; false if the Go type cannot hold it.
func (e *enum) store(p pointer, m memory, number int32) bool {
	return !(e.unsigned && number < 0) && p.store(m, uint64(number))
}
