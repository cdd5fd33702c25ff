// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// JSONOptions say how JSON is read. The zero value is the usual way.
type JSONOptions struct {
	RefuseUnknown bool // keys that the type does not have are errors; else they are skipped
}

// DecodeJSON sets v, a *T, to the JSON object in b, all of it. It does not keep
// b. Keys are the JSON names of fields or their names in the descriptor; a null
// leaves its field absent, and a key that stands twice is an error. After an
// error v holds some of the fields.
func (t *Type) DecodeJSON(b []byte, v any, o JSONOptions) error {
	p, err := t.target(v)
	if err != nil {
		return err
	}
	if t.message == nil {
		return DecodeMessageJSON(b, protoAt(p, t.typ), o)
	}
	r := &jsonReader{data: b, refuseUnknown: o.RefuseUnknown}
	p.value(t.typ).SetZero()
	if err = r.message(t.message, p, 1); err == nil {
		err = r.end()
	}
	return t.annotate(err)
}

// DecodeMessageJSON sets m to the ProtoJSON in b, all of it, as protojson does.
func DecodeMessageJSON(b []byte, m proto.Message, o JSONOptions) error {
	if err := (protojson.UnmarshalOptions{DiscardUnknown: !o.RefuseUnknown}).Unmarshal(b, m); err != nil {
		return fmt.Errorf("schema: %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return nil
}

// message reads an object into the message at p.
func (r *jsonReader) message(m *message, p pointer, depth int) error {
	if depth > maxDepth {
		return atByte(r.pos, errDepth)
	}
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	seen := make([]bool, len(m.fields))
	for first := true; ; first = false {
		more, err := r.more(first, '}')
		if err != nil || !more {
			return err
		}
		at := r.pos
		key, err := r.key()
		if err != nil {
			return err
		}
		i, known := m.byName[string(key)]
		switch {
		case !known && r.refuseUnknown:
			return fail(at, "%s has no field %q", m.typ, key)
		case !known:
			if err := r.skip(1); err != nil {
				return err
			}
			continue
		case seen[i]:
			return fail(at, "the key %q stands twice", key)
		}
		seen[i] = true
		f := &m.fields[i]
		if (f.shape != single || !f.value.nullable) && r.null() {
			continue
		}
		if err := r.field(f, f.provide(p), depth); err != nil {
			return within(f.goName, err)
		}
	}
}

// field reads a field's value into p.
func (r *jsonReader) field(f *field, p pointer, depth int) error {
	switch f.shape {
	case optional:
		return r.value(&f.value, p.target(f.value.typ), depth)
	case list, array:
		return r.elements(f, p, depth)
	case mapping:
		return r.entries(f, p, depth)
	default:
		return r.value(&f.value, p, depth)
	}
}

func (r *jsonReader) elements(f *field, p pointer, depth int) error {
	at := r.pos
	if err := r.open('[', "an array"); err != nil {
		return err
	}
	counts := make([]int, f.index+1)
	for i := 0; ; i++ {
		more, err := r.more(i == 0, ']')
		if err != nil {
			return err
		}
		if !more {
			if f.shape == array && i > 0 && i != f.length {
				return fail(at, "got %d elements, the Go type has %d", i, f.length)
			}
			return nil
		}
		element, _, err := f.extend(p, 1, counts)
		if err != nil {
			return atByte(at, err)
		}
		if err := r.element(&f.value, element, depth); err != nil {
			return within(index(i), err)
		}
	}
}

// element reads an element of a list or map, which cannot be null.
func (r *jsonReader) element(v *value, p pointer, depth int) error {
	if !v.nullable && r.literal("null") {
		return r.wrong("an element")
	}
	return r.value(v, p, depth)
}

func (r *jsonReader) entries(f *field, p pointer, depth int) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	m := p.value(f.typ)
	m.Set(reflect.MakeMap(f.typ))
	key, element := reflect.New(f.typ.Key()), reflect.New(f.typ.Elem())
	for first := true; ; first = false {
		more, err := r.more(first, '}')
		if err != nil || !more {
			return err
		}
		at := r.pos
		name, err := r.key()
		if err != nil {
			return err
		}
		key.Elem().SetZero()
		element.Elem().SetZero()
		if err := parseKey(&f.key, pointerOf(key), name); err != nil {
			return fail(at, "the key %q: %w", name, err)
		}
		if m.MapIndex(key.Elem()).IsValid() {
			return fail(at, "the key %q stands twice", name)
		}
		if err := r.element(&f.value, pointerOf(element), depth); err != nil {
			return within(mapIndex(key.Elem()), err)
		}
		m.SetMapIndex(key.Elem(), element.Elem())
	}
}

// parseKey sets the key of a map at p to what its text says.
func parseKey(v *value, p pointer, text []byte) error {
	switch {
	case v.kind == kindString:
		*p.text() = string(text)
		return nil
	case v.proto != protoreflect.BoolKind:
		return storeNumber(v, p, text)
	case string(text) != "true" && string(text) != "false":
		return errors.New("need true or false")
	}
	p.store(memBool, uint64(len("false")-len(text)))
	return nil
}

// value reads one value into p.
func (r *jsonReader) value(v *value, p pointer, depth int) error {
	if v.pointer {
		p = p.target(v.typ)
	}
	switch v.kind {
	case kindMessage:
		return r.message(v.message, p, depth+1)
	case kindProto:
		return r.proto(protoAt(p, v.typ))
	}
	c := r.peek()
	at := r.pos
	switch {
	case v.packable() && v.proto == protoreflect.BoolKind:
		return r.boolean(p)
	case v.packable() && c != '"':
		text, err := r.number()
		if err == nil {
			err = atByte(at, storeNumber(v, p, text))
		}
		return err
	case c != '"':
		return r.wrong(v.wanted())
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	return atByte(at, v.parse(p, text))
}

// wanted names what a value that is written as a string means.
func (v *value) wanted() string {
	switch v.kind {
	case kindBytes, kindByteArray:
		return "bytes as base64 in a string"
	case kindTime:
		return "a time as RFC 3339 in a string"
	case kindDuration:
		return "a duration like \"1.5s\" in a string"
	}
	return "a string"
}

func (r *jsonReader) boolean(p pointer) error {
	for i, s := range []string{"false", "true"} {
		if r.literal(s) {
			r.pos += len(s)
			p.store(memBool, uint64(i))
			return nil
		}
	}
	return r.wrong("true or false")
}

// proto reads a value into a generated message, as protojson does.
func (r *jsonReader) proto(m proto.Message) error {
	r.peek()
	begin := r.pos
	if err := r.skip(1); err != nil {
		return err
	}
	o := protojson.UnmarshalOptions{DiscardUnknown: !r.refuseUnknown, RecursionLimit: maxDepth}
	return atByte(begin, o.Unmarshal(r.data[begin:r.pos], m))
}
