// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/schema"
)

// form is how values of a type are encoded.
type form struct {
	wire   string // types of one form can be read as each other, within their ranges
	json   string
	bits   int
	signed bool
}

// formOf follows "Updating a message type" and "ProtoJSON" of Protobuf's
// documentation.
func formOf(k protoreflect.Kind) form {
	switch k {
	case protoreflect.Int32Kind:
		return form{"varint", "a number", 32, true}
	case protoreflect.Uint32Kind:
		return form{"varint", "a number", 32, false}
	case protoreflect.Int64Kind:
		return form{"varint", "a quoted number", 64, true}
	case protoreflect.Uint64Kind:
		return form{"varint", "a quoted number", 64, false}
	case protoreflect.BoolKind:
		return form{"varint", "true or false", 1, false}
	case protoreflect.EnumKind:
		return form{"varint", "a name", 32, true}
	case protoreflect.Sint32Kind:
		return form{"zigzag varint", "a number", 32, true}
	case protoreflect.Sint64Kind:
		return form{"zigzag varint", "a quoted number", 64, true}
	case protoreflect.Fixed32Kind:
		return form{"4 bytes", "a number", 32, false}
	case protoreflect.Sfixed32Kind:
		return form{"4 bytes", "a number", 32, true}
	case protoreflect.Fixed64Kind:
		return form{"8 bytes", "a quoted number", 64, false}
	case protoreflect.Sfixed64Kind:
		return form{"8 bytes", "a quoted number", 64, true}
	case protoreflect.FloatKind:
		return form{wire: "4 bytes of a float", json: "a number"}
	case protoreflect.DoubleKind:
		return form{wire: "8 bytes of a double", json: "a number"}
	case protoreflect.StringKind:
		return form{wire: "text", json: "text"}
	case protoreflect.BytesKind:
		return form{wire: "bytes", json: "base64"}
	case protoreflect.GroupKind:
		return form{wire: "a group", json: "an object"}
	default:
		return form{wire: "a message", json: "an object"}
	}
}

const newField = "keep the type; add a new field of the new type and mark this one as deprecated"

// typeChange says what is wrong with a field's new type. For maps it is that of
// the values, or else of the keys.
func (c *checker) typeChange(old, new protoreflect.FieldDescriptor) fault {
	if old.IsMap() != new.IsMap() {
		return fault{}
	}
	if old.IsMap() {
		key, value := c.typeChange(old.MapKey(), new.MapKey()), c.typeChange(old.MapValue(), new.MapValue())
		if key.severity > value.severity {
			return key
		}
		return value
	}
	if old.Kind() != new.Kind() {
		return kindChange(old.Kind(), new.Kind())
	}
	switch {
	case old.Message() != nil:
		return c.messageChange(old.Message(), new.Message())
	case old.Enum() != nil && new.Enum() != nil:
		return c.enumChange(old.Enum(), new.Enum())
	}
	return fault{}
}

func kindChange(old, new protoreflect.Kind) fault {
	a, b := formOf(old), formOf(new)
	f := fault{severity: JSON, fix: newField}
	switch {
	case old == protoreflect.StringKind && new == protoreflect.BytesKind:
		f.reason = "the bytes are the same, but JSON has base64 instead of text"
	case old == protoreflect.BytesKind && new == protoreflect.StringKind:
		f.severity, f.reason = Wire, "bytes that are not UTF-8 are refused"
	case old == protoreflect.MessageKind && new == protoreflect.BytesKind:
		f.reason = "the bytes are the encoded message, but JSON has base64 instead of an object"
	case a.wire != b.wire:
		f.severity, f.reason = Wire, fmt.Sprintf("on the wire it was %s and is %s", a.wire, b.wire)
	case a.json != b.json && a.bits != b.bits && min(a.bits, b.bits) > 1:
		f.reason = fmt.Sprintf("JSON has %s instead of %s, and the narrower side cuts larger numbers off", b.json, a.json)
	case a.json != b.json:
		f.reason = fmt.Sprintf("JSON has %s instead of %s", b.json, a.json)
	default:
		f.reason = "negative numbers and the largest ones are read as others on the wire, and refused in JSON"
	}
	return f
}

func (c *checker) messageChange(old, new protoreflect.MessageDescriptor) fault {
	switch {
	case c.sameType(old, new):
		return fault{}
	case c.names[old.FullName()] == new.FullName():
		return fault{severity: JSON, fix: "keep the type's name", reason: "that is, it seems, the same type under another name; the two are not checked against each other from now on"}
	case c.shapesAgree(old, new):
		return fault{severity: JSON, fix: newField, reason: "the new type has the same fields today, but the two change apart"}
	}
	return fault{severity: Wire, fix: newField, reason: "the two types have different fields"}
}

// shapesAgree reports whether all that is known of an old message is read alike
// as a new one.
func (c *checker) shapesAgree(old, new protoreflect.MessageDescriptor) bool {
	if old.IsPlaceholder() || new.IsPlaceholder() {
		return false
	}
	for i := range old.Fields().Len() {
		if new.Fields().ByNumber(old.Fields().Get(i).Number()) == nil {
			return false
		}
	}
	return schema.Compatible(old, new) == nil
}

func (c *checker) enumChange(old, new protoreflect.EnumDescriptor) fault {
	if c.sameType(old, new) || old.IsPlaceholder() || new.IsPlaceholder() {
		return fault{}
	}
	for i := range old.Values().Len() {
		v := old.Values().Get(i)
		switch w := new.Values().ByNumber(v.Number()); {
		case w == nil:
			return fault{severity: Wire, fix: newField, reason: fmt.Sprintf("the new enum has no value %d (%s)", v.Number(), v.Name())}
		case new.Values().ByName(v.Name()) == nil:
			return fault{severity: JSON, fix: newField, reason: fmt.Sprintf("value %d is %s, not %s, in JSON now", v.Number(), w.Name(), v.Name())}
		}
	}
	if old.Name() != new.Name() {
		return fault{severity: JSON, fix: "keep the type's name", reason: "the new type has the same values today, but the two change apart"}
	}
	return fault{severity: Source, fix: "keep the type, if there is code that uses it", reason: "the values are the same, but generated code has another type"}
}

// typeName returns a field's type as it stands in a .proto file.
func typeName(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", typeName(f.MapKey()), typeName(f.MapValue()))
	case f.IsList():
		return "repeated " + elementName(f)
	}
	return elementName(f)
}

func elementName(f protoreflect.FieldDescriptor) string {
	switch {
	case f.Enum() != nil:
		return string(f.Enum().FullName())
	case f.Kind() == protoreflect.GroupKind:
		return "group " + string(f.Message().FullName())
	case f.Message() != nil:
		return string(f.Message().FullName())
	}
	return f.Kind().String()
}
