// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Decoding follows the rules of every protobuf decoder: unknown fields are
// skipped, so are known numbers with another wire type; the last of several
// scalars wins, singular messages are merged, repeated fields concatenated,
// and these may come packed or not.

var (
	errNarrow = errors.New("the number does not fit the Go type")
	errTime   = errors.New("the timestamp lies outside the years 1 to 9999 or has impossible nanoseconds")
	errSpan   = errors.New("the duration exceeds a time.Duration or has impossible nanoseconds")
)

// decode merges the message in b into the value at p.
func (m *message) decode(p pointer, b []byte, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	var counts []int // elements so far of each array
	if m.arrays > 0 {
		counts = make([]int, m.arrays)
	}
	for len(b) > 0 {
		number, wire, n, err := consumeTag(b)
		if err != nil {
			return err
		}
		b = b[n:]
		f := m.lookup(number)
		if f == nil || !f.accepts(wire) {
			if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
				return wireError(n)
			}
			b = b[n:]
			continue
		}
		q := f.provide(p)
		switch f.shape {
		case single:
			n, err = f.value.decode(q, b, depth)
		case optional:
			n, err = f.value.decode(q.target(f.value.typ), b, depth)
		case mapping:
			n, err = f.decodeEntries(q, b, depth)
		default:
			n, err = f.decodeElements(q, b, wire, counts, depth)
		}
		if err != nil {
			return within(f.goName, err)
		}
		b = b[n:]
	}
	return m.checkArrays(counts)
}

// accepts reports whether the field can be read from a wire type.
func (f *field) accepts(wire protowire.Type) bool {
	switch f.shape {
	case list, array:
		return wire == f.value.wire || wire == protowire.BytesType && f.value.packable()
	case mapping:
		return wire == protowire.BytesType
	default:
		return wire == f.value.wire
	}
}

// checkArrays reports an array that got fewer elements than it has. One that
// got none is left alone: it was not sent.
func (m *message) checkArrays(counts []int) error {
	for i := range m.fields {
		f := &m.fields[i]
		if f.shape != array || counts[f.index] == 0 || counts[f.index] == f.length {
			continue
		}
		return within(f.goName, fmt.Errorf("got %d elements, the Go type has %d", counts[f.index], f.length))
	}
	return nil
}

// decode decodes one value, without its tag, from the front of b and returns
// how long it was.
func (v *value) decode(p pointer, b []byte, depth int) (int, error) {
	if v.packable() {
		x, n := consumeNumber(b, v.wire)
		if n < 0 {
			return 0, wireError(n)
		}
		return n, v.store(p, x)
	}
	content, n := protowire.ConsumeBytes(b)
	if n < 0 {
		return 0, wireError(n)
	}
	switch v.kind {
	case kindString:
		if !utf8.Valid(content) {
			return 0, errUTF8
		}
		*p.text() = string(content)
	case kindBytes:
		*p.bytes() = append(make([]byte, 0, len(content)), content...)
	case kindByteArray:
		if len(content) != v.length {
			return 0, fmt.Errorf("got %d bytes, the Go type has %d", len(content), v.length)
		}
		copy(p.array(v.length), content)
	default:
		return n, v.decodeMessage(p, content, depth)
	}
	return n, nil
}

// store sets a number or an enum.
func (v *value) store(p pointer, x uint64) error {
	if v.kind == kindEnum {
		if !v.enum.store(p, v.memory, int32(x)) {
			return errNarrow
		}
		return nil
	}
	if !p.store(v.memory, x) {
		return errNarrow
	}
	return nil
}

// decodeMessage merges a message's content into the one at p.
func (v *value) decodeMessage(p pointer, content []byte, depth int) error {
	if v.pointer {
		p = p.target(v.typ)
	}
	switch v.kind {
	case kindTime:
		return decodeTime(p.time(), content)
	case kindDuration:
		return decodeDuration(p.duration(), content)
	case kindProto:
		if depth >= maxDepth {
			return errDepth
		}
		return proto.UnmarshalOptions{Merge: true, RecursionLimit: maxDepth - depth}.Unmarshal(content, protoAt(p, v.typ))
	default:
		return v.message.decode(p, content, depth+1)
	}
}

// decodeElements decodes one element, or several packed ones, of a list or an
// array.
func (f *field) decodeElements(p pointer, b []byte, wire protowire.Type, counts []int, depth int) (int, error) {
	if wire == f.value.wire {
		element, i, err := f.extend(p, 1, counts)
		if err != nil {
			return 0, err
		}
		n, err := f.value.decode(element, b, depth)
		if err != nil {
			return 0, within(index(i), err)
		}
		return n, nil
	}
	content, n := protowire.ConsumeBytes(b)
	if n < 0 {
		return 0, wireError(n)
	}
	length, err := countNumbers(content, f.value.wire)
	if err != nil || length == 0 {
		return n, err
	}
	element, first, err := f.extend(p, length, counts)
	if err != nil {
		return 0, err
	}
	stride := f.typ.Elem().Size()
	for i := range length {
		x, size := consumeNumber(content, f.value.wire)
		if size < 0 {
			return 0, wireError(size)
		}
		if err := f.value.store(element.at(uintptr(i)*stride), x); err != nil {
			return 0, within(index(first+i), err)
		}
		content = content[size:]
	}
	return n, nil
}

// extend makes room for n more elements and returns the address and the index
// of the first of them.
func (f *field) extend(p pointer, n int, counts []int) (pointer, int, error) {
	if f.shape == list {
		_, first := p.slice()
		return p.extend(f.typ, n), first, nil
	}
	first := counts[f.index]
	counts[f.index] += n
	if counts[f.index] > f.length {
		return p, 0, fmt.Errorf("got more elements than the Go type has, %d", f.length)
	}
	element := p.at(uintptr(first) * f.typ.Elem().Size())
	if f.value.isMessage() {
		element.value(f.typ.Elem()).SetZero() // it may be there from an earlier occurrence of this message
	}
	return element, first, nil
}

// decodeEntries decodes an entry of a map and those that follow it directly,
// and returns how long they were without the first one's tag.
func (f *field) decodeEntries(p pointer, b []byte, depth int) (int, error) {
	m := p.value(f.typ)
	if m.IsNil() {
		m.Set(reflect.MakeMap(f.typ))
	}
	key, element := reflect.New(f.typ.Key()), reflect.New(f.typ.Elem())
	for total := 0; ; {
		content, n := protowire.ConsumeBytes(b[total:])
		if n < 0 {
			return 0, wireError(n)
		}
		total += n
		key.Elem().SetZero()
		element.Elem().SetZero()
		if err := f.decodeEntry(pointerOf(key), pointerOf(element), content, depth); err != nil {
			return 0, within(mapIndex(key.Elem()), err)
		}
		m.SetMapIndex(key.Elem(), element.Elem())
		tag, n := protowire.ConsumeVarint(b[total:])
		if n < 0 || tag != f.tag {
			return total, nil
		}
		total += n
	}
}

// decodeEntry decodes one entry of a map.
func (f *field) decodeEntry(key, element pointer, b []byte, depth int) error {
	seen := false
	for len(b) > 0 {
		number, wire, n, err := consumeTag(b)
		if err != nil {
			return err
		}
		b = b[n:]
		switch {
		case number == 1 && wire == f.key.wire:
			n, err = f.key.decode(key, b, depth)
		case number == 2 && wire == f.value.wire:
			n, err = f.value.decode(element, b, depth)
			seen = true
		default:
			if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
				err = wireError(n)
			}
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	if !seen && f.value.isMessage() { // then it is the empty message
		return f.value.decodeMessage(element, nil, depth)
	}
	return nil
}

// decodeTime merges a google.protobuf.Timestamp into t. A zero t counts as
// the empty message, which is the Unix epoch.
func decodeTime(t *time.Time, b []byte) error {
	var seconds, nanos int64
	if !t.IsZero() {
		seconds, nanos = t.Unix(), int64(t.Nanosecond())
	}
	if err := decodeSecondsNanos(b, &seconds, &nanos); err != nil {
		return err
	}
	if seconds < minSeconds || seconds > maxSeconds || nanos < 0 || nanos >= int64(time.Second) {
		return errTime
	}
	*t = time.Unix(seconds, nanos).UTC()
	return nil
}

// decodeDuration merges a google.protobuf.Duration into d.
func decodeDuration(d *time.Duration, b []byte) error {
	seconds, nanos := int64(*d/time.Second), int64(*d%time.Second)
	if err := decodeSecondsNanos(b, &seconds, &nanos); err != nil {
		return err
	}
	span, ok := spanOf(seconds, nanos)
	if !ok {
		return errSpan
	}
	*d = span
	return nil
}

// spanOf returns a google.protobuf.Duration as a time.Duration; false if it is
// not valid or too long for one.
func spanOf(seconds, nanos int64) (time.Duration, bool) {
	const most = math.MaxInt64 / int64(time.Second)
	if seconds > most || seconds < -most || nanos <= -int64(time.Second) || nanos >= int64(time.Second) ||
		seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0 {
		return 0, false
	}
	sum := seconds*int64(time.Second) + nanos // may wrap around within the last second
	return time.Duration(sum), (sum < 0) == (seconds < 0 || nanos < 0)
}

// decodeSecondsNanos reads the two fields that Timestamp and Duration share.
func decodeSecondsNanos(b []byte, seconds, nanos *int64) error {
	for len(b) > 0 {
		number, wire, n, err := consumeTag(b)
		if err != nil {
			return err
		}
		b = b[n:]
		if wire != protowire.VarintType || number > 2 {
			if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
				return wireError(n)
			}
			b = b[n:]
			continue
		}
		x, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return wireError(n)
		}
		b = b[n:]
		if number == 1 {
			*seconds = int64(x)
		} else {
			*nanos = int64(int32(x))
		}
	}
	return nil
}

// consumeTag reads a tag from the front of b, which is not empty. Unlike protowire.ConsumeTag it
// refuses the numbers that only a proto1 MessageSet may have.
func consumeTag(b []byte) (number protowire.Number, wire protowire.Type, n int, err error) {
	if c := b[0]; c < 0x80 && c>>3 != 0 { // the usual case
		return protowire.Number(c >> 3), protowire.Type(c & 7), 1, nil
	}
	number, wire, n = protowire.ConsumeTag(b)
	switch {
	case n < 0:
		err = wireError(n)
	case number > protowire.MaxValidNumber:
		err = errors.New("not a protobuf message: a field number is too large")
	}
	return number, wire, n, err
}

// consumeNumber reads a number from the front of b; n is negative as in
// protowire if it cannot.
func consumeNumber(b []byte, wire protowire.Type) (x uint64, n int) {
	switch wire {
	case protowire.Fixed32Type:
		v, n := protowire.ConsumeFixed32(b)
		return uint64(v), n
	case protowire.Fixed64Type:
		return protowire.ConsumeFixed64(b)
	}
	if len(b) > 0 && b[0] < 0x80 { // the usual case
		return uint64(b[0]), 1
	}
	return protowire.ConsumeVarint(b)
}

// countNumbers returns how many numbers are packed into b.
func countNumbers(b []byte, wire protowire.Type) (int, error) {
	var size int
	switch wire {
	case protowire.Fixed32Type:
		size = 4
	case protowire.Fixed64Type:
		size = 8
	default:
		n := 0
		for _, c := range b {
			if c < 0x80 {
				n++
			}
		}
		if len(b) > 0 && b[len(b)-1] >= 0x80 {
			return 0, errTruncated
		}
		return n, nil
	}
	if len(b)%size != 0 {
		return 0, errTruncated
	}
	return len(b) / size, nil
}

// wireError turns protowire's negative lengths into errors.
func wireError(n int) error {
	err := protowire.ParseError(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return fmt.Errorf("not a protobuf message: %w", err)
}
