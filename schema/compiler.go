// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Compiler turns Go types into [Type] values and remembers them. The zero
// value is ready to use; it is safe for concurrent use and must not be copied.
type Compiler struct {
	types    sync.Map // reflect.Type to *Type
	messages sync.Map // reflect.Type to *message, complete with all they refer to
}

// Compile returns the Type of t or, if t is a pointer, of what it points to.
// The error names the first field that protobuf cannot express.
func (c *Compiler) Compile(t reflect.Type) (*Type, error) {
	if known, ok := c.types.Load(t); ok {
		return known.(*Type), nil
	}
	base := t
	if t != nil && t.Kind() == reflect.Pointer {
		base = t.Elem()
	}
	if base == nil {
		return nil, errors.New("schema: no type: the value is a nil interface")
	}
	compiled, err := c.compile(base)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	known, _ := c.types.LoadOrStore(base, compiled)
	if t != base {
		known, _ = c.types.LoadOrStore(t, known)
	}
	return known.(*Type), nil
}

func (c *Compiler) compile(t reflect.Type) (*Type, error) {
	compiled := &Type{typ: t, pointer: reflect.PointerTo(t)}
	if isProto(t) {
		descriptor, err := protoDescriptor(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		compiled.descriptor = descriptor
		return compiled, nil
	}
	run := &compilation{compiler: c, messages: make(map[reflect.Type]*message)}
	m, err := run.root(t)
	if err != nil {
		return nil, err
	}
	for typ, nested := range run.messages {
		c.messages.LoadOrStore(typ, nested)
	}
	compiled.message = m
	compiled.descriptor, err = describeMessage(m)
	return compiled, err
}

// A Type encodes and decodes the values of one Go type as one protobuf
// message. It is immutable and safe for concurrent use.
//
// Its methods take values as pointers, *T for the Type of T.
type Type struct {
	typ        reflect.Type
	pointer    reflect.Type
	message    *message // nil if *typ is a proto.Message
	descriptor protoreflect.MessageDescriptor
}

// GoType returns the Go type, never a pointer.
func (t *Type) GoType() reflect.Type { return t.typ }

// Descriptor returns the message's descriptor: derived, on a registry of its
// own, or a generated message's own.
func (t *Type) Descriptor() protoreflect.MessageDescriptor { return t.descriptor }

// Size returns how many bytes Append appends for v.
func (t *Type) Size(v any) (int, error) {
	p, err := t.address(v)
	if err != nil {
		return 0, err
	}
	if t.message == nil {
		return proto.Size(protoAt(p, t.typ)), nil
	}
	n, err := t.message.size(p, 1)
	return n, t.annotate(err)
}

// Append appends v as protobuf to b. After an error what was appended is
// undefined. Besides a *T it takes a T, of which it makes a copy.
func (t *Type) Append(b []byte, v any) ([]byte, error) {
	p, err := t.address(v)
	if err != nil {
		return b, err
	}
	if t.message == nil {
		b, err = proto.MarshalOptions{}.MarshalAppend(b, protoAt(p, t.typ))
	} else {
		b, err = t.message.append(b, p, 1)
	}
	return b, t.annotate(err)
}

// Decode sets v, a *T, to the message in b, all of it. It does not keep b.
// After an error v holds some of the fields.
func (t *Type) Decode(b []byte, v any) error {
	p, err := t.target(v)
	if err != nil {
		return err
	}
	if t.message == nil {
		err = proto.Unmarshal(b, protoAt(p, t.typ))
	} else {
		p.value(t.typ).SetZero()
		err = t.message.decode(p, b, 1)
	}
	return t.annotate(err)
}

// address returns the address of v, a *T, or of a copy of v, a T.
func (t *Type) address(v any) (pointer, error) {
	if reflect.TypeOf(v) == t.typ && t.message != nil {
		c := reflect.New(t.typ)
		c.Elem().Set(reflect.ValueOf(v))
		return pointerOf(c), nil
	}
	return t.target(v)
}

// target returns the address of v, a *T.
func (t *Type) target(v any) (pointer, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || rv.Type() != t.pointer {
		return pointer{}, fmt.Errorf("schema: got a %T, need a %s", v, t.pointer)
	}
	if rv.IsNil() {
		return pointer{}, fmt.Errorf("schema: got a nil %s; pass a pointer to a value", t.pointer)
	}
	return pointerOf(rv), nil
}

// annotate prepends the type's name to an error.
func (t *Type) annotate(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("schema: %w", within(t.typ.String(), err))
}

// Message returns v as a protobuf message if protobuf-go can encode it: if it is
// not nil and is one itself, not a struct with an embedded one. All else needs
// a [Compiler].
func Message(v any) (proto.Message, bool) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, false
	}
	r := m.ProtoReflect()
	return m, r.IsValid() && r.Interface() == m
}

// protoMessageType is what generated messages implement on their pointers.
var protoMessageType = reflect.TypeFor[proto.Message]()

// isProto reports whether t is a generated message, not a struct that has its
// methods from an embedded one.
func isProto(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(protoMessageType) {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && (f.Type.Implements(protoMessageType) || reflect.PointerTo(f.Type).Implements(protoMessageType)) {
			return false
		}
	}
	return true
}

// protoDescriptor returns the descriptor that the generated message t carries.
func protoDescriptor(t reflect.Type) (protoreflect.MessageDescriptor, error) {
	d := protoAt(newValue(t), t).ProtoReflect().Descriptor()
	if d == nil {
		return nil, errors.New("the message has no descriptor of its own; use a generated message")
	}
	return d, nil
}

// protoAt returns the generated message of type t at p.
func protoAt(p pointer, t reflect.Type) proto.Message {
	return p.value(t).Addr().Interface().(proto.Message)
}

// wireTag returns a field's number and wire type as they stand on the wire.
func wireTag(n protowire.Number, wire protowire.Type) uint64 { return protowire.EncodeTag(n, wire) }
