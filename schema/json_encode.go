// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// AppendJSON appends v, a *T or a T, to b as the ProtoJSON of the type's
// descriptor: what is absent or zero is left out, fields stand in the order of
// their numbers and map entries in that of their keys. 64-bit integers are
// numbers up to 2⁵³ and strings beyond. The same value always yields the same
// bytes. After an error what was appended is undefined.
func (t *Type) AppendJSON(b []byte, v any) ([]byte, error) {
	p, err := t.address(v)
	if err != nil {
		return b, err
	}
	if t.message == nil {
		return AppendMessageJSON(b, protoAt(p, t.typ))
	}
	b, err = t.message.appendJSON(b, p, 1)
	return b, t.annotate(err)
}

// AppendMessageJSON appends a protobuf message as ProtoJSON to b: what protojson
// makes of it without the spaces that it puts in at random.
func AppendMessageJSON(b []byte, m proto.Message) ([]byte, error) {
	b, err := appendProtoJSON(b, m)
	if err != nil {
		return b, fmt.Errorf("schema: %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return b, nil
}

func appendProtoJSON(b []byte, m proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return b, err
	}
	out := bytes.NewBuffer(b)
	err = json.Compact(out, text)
	return out.Bytes(), err
}

// appendJSON appends the message at p as an object.
func (m *message) appendJSON(b []byte, p pointer, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, errDepth
	}
	b = append(b, '{')
	start := len(b)
	for i := range m.fields {
		f := &m.fields[i]
		q, ok := f.locate(p)
		if !ok || f.isAbsent(q) {
			continue
		}
		begin := len(b)
		if begin > start {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSONString(b, f.jsonName); err == nil {
			b = append(b, ':')
			b, err = f.appendJSON(b, q, depth)
		}
		if err != nil {
			return b, within(f.goName, err)
		}
		if f.shape == single && f.value.kind == kindMessage && !f.value.pointer && bytes.HasSuffix(b, []byte(":{}")) {
			b = b[:begin] // a struct of zeros is not sent
		}
	}
	return append(b, '}'), nil
}

// isAbsent reports whether the field at p is left out. Only a struct's absence
// shows later, when it turns out to be empty.
func (f *field) isAbsent(p pointer) bool {
	switch {
	case f.shape == list:
		_, n := p.slice()
		return n == 0
	case f.shape == array:
		return p.value(f.typ).IsZero()
	case f.shape == mapping:
		return p.value(f.typ).Len() == 0
	case f.shape == optional || f.value.pointer:
		return p.deref().isNil()
	}
	switch v := &f.value; v.kind {
	case kindNumber, kindEnum:
		return p.load(v.memory) == 0
	case kindString:
		return *p.text() == ""
	case kindBytes, kindByteArray:
		_, zero := v.loadBytes(p)
		return zero
	case kindTime:
		return p.time().IsZero()
	case kindDuration:
		return *p.duration() == 0
	}
	return false
}

// appendJSON appends the field at p, which is present.
func (f *field) appendJSON(b []byte, p pointer, depth int) ([]byte, error) {
	switch f.shape {
	case optional:
		return f.value.appendJSON(b, p.deref(), depth)
	case list:
		first, n := p.slice()
		return f.appendJSONArray(b, first, n, depth)
	case array:
		return f.appendJSONArray(b, p, f.length, depth)
	case mapping:
		return f.appendJSONMap(b, p, depth)
	default:
		return f.value.appendJSON(b, p, depth)
	}
}

func (f *field) appendJSONArray(b []byte, first pointer, n, depth int) ([]byte, error) {
	stride := f.typ.Elem().Size()
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = f.value.appendJSON(b, first.at(uintptr(i)*stride), depth); err != nil {
			return b, within(index(i), err)
		}
	}
	return append(b, ']'), nil
}

func (f *field) appendJSONMap(b []byte, p pointer, depth int) ([]byte, error) {
	m := p.value(f.typ)
	keys := m.MapKeys()
	slices.SortFunc(keys, compareKeys)
	element := reflect.New(f.typ.Elem())
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		name := key.String()
		if key.Kind() != reflect.String {
			name = fmt.Sprint(integerOrBool(key))
		}
		element.Elem().Set(m.MapIndex(key))
		var err error
		if b, err = appendJSONString(b, name); err == nil {
			b = append(b, ':')
			b, err = f.value.appendJSON(b, pointerOf(element), depth)
		}
		if err != nil {
			return b, within(mapIndex(key), err)
		}
	}
	return append(b, '}'), nil
}

// compareKeys orders the keys of a map.
func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return strings.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.Bool() == b.Bool():
		return 0
	case b.Bool():
		return -1
	}
	return 1
}

// integerOrBool returns a key's value without the methods of its type.
func integerOrBool(key reflect.Value) any {
	switch {
	case key.CanInt():
		return key.Int()
	case key.CanUint():
		return key.Uint()
	}
	return key.Bool()
}

// appendJSON appends the value at p.
func (v *value) appendJSON(b []byte, p pointer, depth int) ([]byte, error) {
	switch v.kind {
	case kindNumber:
		return appendJSONNumber(b, v.proto, p.load(v.memory)), nil
	case kindEnum:
		n, err := v.enum.load(p, v.memory)
		if err != nil {
			return b, err
		}
		if name, ok := v.enum.names[n]; ok {
			return appendJSONString(b, name)
		}
		return strconv.AppendInt(b, int64(n), 10), nil
	case kindString:
		return appendJSONString(b, *p.text())
	case kindBytes, kindByteArray:
		s, _ := v.loadBytes(p)
		b = base64.StdEncoding.AppendEncode(append(b, '"'), s)
		return append(b, '"'), nil
	}
	if v.pointer {
		if p = p.deref(); p.isNil() { // an element: nil is the empty message
			p = newValue(v.typ)
		}
	}
	switch v.kind {
	case kindTime:
		return appendJSONTime(b, *p.time())
	case kindDuration:
		return appendJSONDuration(b, *p.duration()), nil
	case kindProto:
		return appendProtoJSON(b, protoAt(p, v.typ))
	default:
		return v.message.appendJSON(b, p, depth+1)
	}
}

// maxExact is the largest integer below which JSON readers with 64-bit floats
// for numbers lose nothing.
const maxExact = 1 << 53

// appendJSONNumber appends a number that load returned.
func appendJSONNumber(b []byte, kind protoreflect.Kind, x uint64) []byte {
	switch kind {
	case protoreflect.BoolKind:
		return strconv.AppendBool(b, x != 0)
	case protoreflect.FloatKind:
		return appendJSONFloat(b, float64(math.Float32frombits(uint32(x))), 32)
	case protoreflect.DoubleKind:
		return appendJSONFloat(b, math.Float64frombits(x), 64)
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		if x > maxExact {
			return append(strconv.AppendUint(append(b, '"'), x, 10), '"')
		}
		return strconv.AppendUint(b, x, 10)
	default:
		if n := int64(x); n > maxExact || n < -maxExact {
			return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
		}
		return strconv.AppendInt(b, int64(x), 10)
	}
}

// appendJSONFloat appends a float as ECMAScript prints it.
func appendJSONFloat(b []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(b, `"-Infinity"`...)
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (bits == 64 && (abs < 1e-6 || abs >= 1e21) ||
		bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, x, format, -1, bits)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b = append(b[:n-2], b[n-1]) // e-09 is e-9
	}
	return b
}

// appendJSONString appends a string in quotes.
func appendJSONString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return b, errUTF8
	}
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, s[done:i]...), '\\')
		done = i + 1
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\b':
			b = append(b, 'b')
		case '\f':
			b = append(b, 'f')
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(b, s[done:]...), '"'), nil
}

// appendJSONTime appends a time as RFC 3339 with 0, 3, 6 or 9 digits of
// fractions.
func appendJSONTime(b []byte, t time.Time) ([]byte, error) {
	if seconds := t.Unix(); seconds < minSeconds || seconds > maxSeconds {
		return b, errTimeRange
	}
	t = t.UTC()
	b = t.AppendFormat(append(b, '"'), "2006-01-02T15:04:05")
	return append(appendFraction(b, t.Nanosecond()), `Z"`...), nil
}

// appendJSONDuration appends a duration in seconds, "1.500s".
func appendJSONDuration(b []byte, d time.Duration) []byte {
	b = append(b, '"')
	seconds, nanos := int64(d/time.Second), int(d%time.Second)
	if d < 0 {
		b, seconds, nanos = append(b, '-'), -seconds, -nanos
	}
	b = strconv.AppendInt(b, seconds, 10)
	return append(appendFraction(b, nanos), `s"`...)
}

// appendFraction appends nanoseconds with 0, 3, 6 or 9 digits.
func appendFraction(b []byte, nanos int) []byte {
	if nanos == 0 {
		return b
	}
	s := fmt.Sprintf(".%09d", nanos)
	s = strings.TrimSuffix(s, "000")
	return append(b, strings.TrimSuffix(s, "000")...)
}
