// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"reflect"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// size returns the length of the message at p as append would write it. What
// append refuses may have any size, except that depth is checked here too.
func (m *message) size(p pointer, depth int) (int, error) {
	if depth > maxDepth {
		return 0, errDepth
	}
	total := 0
	for i := range m.fields {
		f := &m.fields[i]
		q, ok := f.locate(p)
		if !ok {
			continue
		}
		var n int
		var err error
		switch f.shape {
		case single:
			n, err = f.value.sizeField(f.tag, q, depth, false)
		case optional:
			if q = q.deref(); !q.isNil() {
				n, err = f.value.sizeField(f.tag, q, depth, true)
			}
		case list:
			first, length := q.slice()
			n, err = f.sizeList(first, length, depth)
		case array:
			if !q.value(f.typ).IsZero() {
				n, err = f.sizeList(q, f.length, depth)
			}
		case mapping:
			n, err = f.sizeMap(q, depth)
		}
		if err != nil {
			return 0, within(f.goName, err)
		}
		total += n
	}
	return total, nil
}

// sizeField returns the size of the value at p with its tag.
func (v *value) sizeField(tag uint64, p pointer, depth int, always bool) (int, error) {
	n := 0
	switch v.kind {
	case kindNumber, kindEnum:
		x := p.load(v.memory)
		if x == 0 && !always {
			return 0, nil
		}
		return sizeVarint(tag) + sizeNumber(v.wire, x), nil
	case kindString:
		n = len(*p.text())
		always = always || n > 0
	case kindBytes, kindByteArray:
		s, zero := v.loadBytes(p)
		n = len(s)
		always = always || !zero
	default:
		if v.pointer {
			if p = p.deref(); p.isNil() {
				break
			}
			always = true
		}
		var err error
		var zero bool
		if n, zero, err = v.sizeMessage(p, depth); err != nil {
			return 0, err
		}
		always = always || !zero
	}
	if !always {
		return 0, nil
	}
	return sizeVarint(tag) + sizeVarint(uint64(n)) + n, nil
}

// sizeMessage returns the size of the message at p and whether it is the zero
// value of its type.
func (v *value) sizeMessage(p pointer, depth int) (n int, zero bool, err error) {
	switch v.kind {
	case kindTime:
		t := *p.time()
		return sizeSecondsNanos(t.Unix(), int32(t.Nanosecond())), t.IsZero(), nil
	case kindDuration:
		d := *p.duration()
		return sizeSecondsNanos(int64(d/time.Second), int32(d%time.Second)), d == 0, nil
	case kindProto:
		return proto.Size(protoAt(p, v.typ)), false, nil
	default:
		n, err = v.message.size(p, depth+1)
		return n, n == 0, err
	}
}

func (f *field) sizeList(first pointer, n, depth int) (int, error) {
	if n == 0 {
		return 0, nil
	}
	stride := f.typ.Elem().Size()
	total := 0
	if f.value.packable() {
		for i := range n {
			total += sizeNumber(f.value.wire, first.at(uintptr(i)*stride).load(f.value.memory))
		}
		return sizeVarint(f.tag) + sizeVarint(uint64(total)) + total, nil
	}
	for i := range n {
		size, err := f.value.sizeField(f.tag, first.at(uintptr(i)*stride), depth, true)
		if err != nil {
			return 0, within(index(i), err)
		}
		total += size
	}
	return total, nil
}

func (f *field) sizeMap(p pointer, depth int) (int, error) {
	m := p.value(f.typ)
	if m.Len() == 0 {
		return 0, nil
	}
	total := 0
	key, element := reflect.New(f.typ.Key()), reflect.New(f.typ.Elem())
	for iter := m.MapRange(); iter.Next(); {
		key.Elem().SetIterKey(iter)
		element.Elem().SetIterValue(iter)
		k, err := f.key.sizeField(wireTag(1, f.key.wire), pointerOf(key), depth, true)
		if err != nil {
			return 0, err
		}
		v, err := f.value.sizeField(wireTag(2, f.value.wire), pointerOf(element), depth, true)
		if err != nil {
			return 0, within(mapIndex(key.Elem()), err)
		}
		total += sizeVarint(f.tag) + sizeVarint(uint64(k+v)) + k + v
	}
	return total, nil
}

func sizeNumber(wire protowire.Type, x uint64) int {
	switch wire {
	case protowire.Fixed32Type:
		return 4
	case protowire.Fixed64Type:
		return 8
	default:
		return sizeVarint(x)
	}
}
