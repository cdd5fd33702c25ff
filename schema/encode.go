// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Encoding writes a message's fields in one pass. The length of a nested
// message is written as one byte and moved apart if that was too small, so
// nothing is measured twice and nothing is allocated.

// append appends the message at p.
func (m *message) append(b []byte, p pointer, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, errDepth
	}
	var err error
	for i := range m.fields {
		f := &m.fields[i]
		q, ok := f.locate(p)
		if !ok {
			continue
		}
		switch {
		case f.shape == single && f.value.kind == kindNumber:
			if x := q.load(f.value.memory); x != 0 {
				b = appendNumber(appendVarint(b, f.tag), f.value.wire, x)
			}
		case f.shape == single:
			b, err = f.value.appendField(b, f.tag, q, depth, false)
		case f.shape == optional:
			if q = q.deref(); !q.isNil() {
				b, err = f.value.appendField(b, f.tag, q, depth, true)
			}
		case f.shape == list:
			first, n := q.slice()
			b, err = f.appendList(b, first, n, depth)
		case f.shape == array:
			if !q.value(f.typ).IsZero() {
				b, err = f.appendList(b, q, f.length, depth)
			}
		default:
			b, err = f.appendMap(b, q, depth)
		}
		if err != nil {
			return b, within(f.goName, err)
		}
	}
	return b, nil
}

// appendField appends the value at p with its tag. A zero value is left out
// unless it is always to be sent.
func (v *value) appendField(b []byte, tag uint64, p pointer, depth int, always bool) ([]byte, error) {
	switch v.kind {
	case kindNumber:
		if x := p.load(v.memory); always || x != 0 {
			b = appendNumber(appendVarint(b, tag), v.wire, x)
		}
	case kindEnum:
		n, err := v.enum.load(p, v.memory)
		if err != nil {
			return b, err
		}
		if always || n != 0 {
			b = appendVarint(appendVarint(b, tag), uint64(n))
		}
	case kindString:
		if s := *p.text(); always || s != "" {
			if !utf8.ValidString(s) {
				return b, errUTF8
			}
			b = protowire.AppendString(appendVarint(b, tag), s)
		}
	case kindBytes, kindByteArray:
		if s, zero := v.loadBytes(p); always || !zero {
			b = protowire.AppendBytes(appendVarint(b, tag), s)
		}
	default:
		return v.appendMessage(b, tag, p, depth, always)
	}
	return b, nil
}

// appendMessage is appendField for messages of all kinds.
func (v *value) appendMessage(b []byte, tag uint64, p pointer, depth int, always bool) ([]byte, error) {
	if v.pointer {
		if p = p.deref(); p.isNil() {
			if always { // an element: nil is the empty message
				b = append(appendVarint(b, tag), 0)
			}
			return b, nil
		}
		always = true
	}
	begin := len(b)
	b = append(appendVarint(b, tag), 0)
	start := len(b)
	var err error
	switch v.kind {
	case kindMessage:
		b, err = v.message.append(b, p, depth+1)
		always = always || len(b) > start
	case kindTime:
		t := *p.time()
		b, err = appendTime(b, t)
		always = always || !t.IsZero()
	case kindDuration:
		d := *p.duration()
		b = appendDuration(b, d)
		always = always || d != 0
	case kindProto:
		b, err = proto.MarshalOptions{}.MarshalAppend(b, protoAt(p, v.typ))
	}
	if err != nil || !always {
		return b[:begin], err
	}
	return closeLength(b, start), nil
}

// closeLength completes a length-delimited value in b[start:] for whose length
// one byte was left before start.
func closeLength(b []byte, start int) []byte {
	n := len(b) - start
	if n < 0x80 {
		b[start-1] = byte(n)
		return b
	}
	var prefix [10]byte
	length := appendVarint(prefix[:0], uint64(n))
	return slices.Replace(b, start-1, start, length...)
}

// appendList appends the n elements that begin at first.
func (f *field) appendList(b []byte, first pointer, n, depth int) ([]byte, error) {
	if n == 0 {
		return b, nil
	}
	stride := f.typ.Elem().Size()
	if !f.value.packable() {
		for i := range n {
			var err error
			if b, err = f.value.appendField(b, f.tag, first.at(uintptr(i)*stride), depth, true); err != nil {
				return b, within(index(i), err)
			}
		}
		return b, nil
	}
	b = append(appendVarint(b, f.tag), 0)
	start := len(b)
	for i := range n {
		p := first.at(uintptr(i) * stride)
		if f.value.kind == kindEnum {
			if _, err := f.value.enum.load(p, f.value.memory); err != nil {
				return b, within(index(i), err)
			}
		}
		b = appendNumber(b, f.value.wire, p.load(f.value.memory))
	}
	return closeLength(b, start), nil
}

// appendMap appends the entries of the map at p, in no particular order.
func (f *field) appendMap(b []byte, p pointer, depth int) ([]byte, error) {
	m := p.value(f.typ)
	if m.Len() == 0 {
		return b, nil
	}
	key, element := reflect.New(f.typ.Key()), reflect.New(f.typ.Elem())
	for iter := m.MapRange(); iter.Next(); {
		key.Elem().SetIterKey(iter)
		element.Elem().SetIterValue(iter)
		b = append(appendVarint(b, f.tag), 0)
		start := len(b)
		var err error
		if b, err = f.key.appendField(b, wireTag(1, f.key.wire), pointerOf(key), depth, true); err == nil {
			b, err = f.value.appendField(b, wireTag(2, f.value.wire), pointerOf(element), depth, true)
		}
		if err != nil {
			return b, within(mapIndex(key.Elem()), err)
		}
		b = closeLength(b, start)
	}
	return b, nil
}

// appendVarint is protowire.AppendVarint, inlined for one byte.
func appendVarint(b []byte, x uint64) []byte {
	if x < 0x80 {
		return append(b, byte(x))
	}
	return protowire.AppendVarint(b, x)
}

// appendNumber appends a number as its wire type.
func appendNumber(b []byte, wire protowire.Type, x uint64) []byte {
	switch wire {
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(b, uint32(x))
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(b, x)
	default:
		return appendVarint(b, x)
	}
}

// loadBytes returns the bytes at p, which alias it, and whether they are the
// type's zero value.
func (v *value) loadBytes(p pointer) (s []byte, zero bool) {
	if v.kind == kindBytes {
		s = *p.bytes()
		return s, len(s) == 0
	}
	s = p.array(v.length)
	return s, !slices.ContainsFunc(s, func(c byte) bool { return c != 0 })
}

// index is a list's element in an error's path.
func index(i int) string { return fmt.Sprintf("[%d]", i) }

// mapIndex is a map's element in an error's path.
func mapIndex(key reflect.Value) string {
	if key.Kind() == reflect.String {
		const most = 40
		s := key.String()
		if len(s) > most {
			s = s[:most] + "…"
		}
		return fmt.Sprintf("[%q]", s)
	}
	return fmt.Sprintf("[%v]", key)
}

// The range of google.protobuf.Timestamp, year 1 to 9999.
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

var errTimeRange = errors.New("the time lies outside the years 1 to 9999")

// appendTime appends the fields of a google.protobuf.Timestamp.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	seconds := t.Unix()
	if seconds < minSeconds || seconds > maxSeconds {
		return b, errTimeRange
	}
	return appendSecondsNanos(b, seconds, int32(t.Nanosecond())), nil
}

// appendDuration appends the fields of a google.protobuf.Duration.
func appendDuration(b []byte, d time.Duration) []byte {
	return appendSecondsNanos(b, int64(d/time.Second), int32(d%time.Second))
}

func appendSecondsNanos(b []byte, seconds int64, nanos int32) []byte {
	if seconds != 0 {
		b = appendVarint(append(b, 1<<3), uint64(seconds))
	}
	if nanos != 0 {
		b = appendVarint(append(b, 2<<3), uint64(nanos))
	}
	return b
}

func sizeSecondsNanos(seconds int64, nanos int32) (n int) {
	if seconds != 0 {
		n += 1 + sizeVarint(uint64(seconds))
	}
	if nanos != 0 {
		n += 1 + sizeVarint(uint64(nanos))
	}
	return n
}

func sizeVarint(x uint64) int { return (bits.Len64(x|1) + 6) / 7 }
