// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"reflect"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A message is the plan of one protobuf message: of a Go struct, or of another
// Go type wrapped as message{value=1}. It is immutable once compiled.
type message struct {
	typ     reflect.Type
	wrapper bool
	fields  []field // by number
	arrays  int     // how many fields are arrays of more than bytes

	byNumber []int16                    // index into fields of the low numbers, -1 for none
	byName   map[string]int             // index into fields, by JSON name and by protobuf name
	high     map[protowire.Number]int16 // index into fields of the numbers beyond byNumber
}

// lookup returns the field with a number, nil if there is none.
func (m *message) lookup(n protowire.Number) *field {
	i := int16(-1)
	if int(n) < len(m.byNumber) {
		i = m.byNumber[n]
	} else if high, ok := m.high[n]; ok {
		i = high
	}
	if i < 0 {
		return nil
	}
	return &m.fields[i]
}

// shape says how a Go field holds its values.
type shape uint8

const (
	single   shape = iota // T: the zero value is not sent
	optional              // *T of a scalar: nil is absent
	list                  // []T
	array                 // [N]T
	mapping               // map[K]T
)

// A field is the plan of one field of a message.
type field struct {
	number   protowire.Number
	name     string // in descriptors
	jsonName string
	goName   string // in errors, "Items" or "Base.ID"

	hops   []hop // embedded pointers on the way to the field
	offset uintptr
	typ    reflect.Type // of the Go field
	shape  shape
	tag    uint64 // number and wire type, of packed lists if the values can be packed
	value  value
	key    value // of a mapping
	length int   // of an array
	index  int   // of an array among its message's arrays
}

// A hop follows the embedded pointer at offset to a struct of type typ.
type hop struct {
	offset uintptr
	typ    reflect.Type
}

// locate returns the address of the field in the struct at p; false if an
// embedded pointer on the way is nil.
func (f *field) locate(p pointer) (pointer, bool) {
	for _, h := range f.hops {
		if p = p.at(h.offset).deref(); p.isNil() {
			return p, false
		}
	}
	return p.at(f.offset), true
}

// provide is locate for writing: it allocates embedded pointers that are nil.
func (f *field) provide(p pointer) pointer {
	for _, h := range f.hops {
		p = p.at(h.offset).target(h.typ)
	}
	return p.at(f.offset)
}

// target returns what the pointer at p points to, a new value of type t if it
// is nil.
func (p pointer) target(t reflect.Type) pointer {
	q := p.deref()
	if q.isNil() {
		q = newValue(t)
		p.setPointer(q)
	}
	return q
}

// kind says which functions encode and decode a value.
type kind uint8

const (
	kindNumber    kind = iota // bool, integers and floats
	kindEnum                  // integers with named values
	kindString                // string
	kindBytes                 // []byte
	kindByteArray             // [N]byte
	kindMessage               // a struct
	kindProto                 // a generated protobuf message
	kindTime                  // time.Time
	kindDuration              // time.Duration
)

// A value is the plan of one value: of a field, an element, a map's key.
type value struct {
	kind     kind
	wire     protowire.Type
	memory   memory            // of numbers and enums
	proto    protoreflect.Kind // in descriptors
	typ      reflect.Type      // the Go type, without the pointer
	pointer  bool              // the Go value is a *typ: messages only
	length   int               // of a byte array
	message  *message          // of kindMessage
	enum     *enum             // of kindEnum
	nullable bool              // JSON's null is a value: google.protobuf.Value
}

// packable reports whether lists of the value are sent packed.
func (v *value) packable() bool { return v.kind == kindNumber || v.kind == kindEnum }

// isMessage reports whether the value is a message in protobuf.
func (v *value) isMessage() bool { return v.kind >= kindMessage }
