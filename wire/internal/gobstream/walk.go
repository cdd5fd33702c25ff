// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import "errors"

// errInterface ends a stream: when an interface value brings a type that is new,
// gob breaks the message in two around its definition, and what follows cannot
// be told apart.
var errInterface = errors.New("gob: an interface value, which this side does not accept")

// maxDepth bounds the nesting of a value. encoding/gob recurses on it.
const maxDepth = 1000

// walker checks that a value is laid out as its type says, so that nothing in it
// can surprise encoding/gob: it moves over every item, and each takes at least a
// byte of the message.
type walker struct {
	cursor
	types map[typeID]*wireType
	depth int
}

// checkValue checks a whole value, as it stands in a message after its type.
func checkValue(types map[typeID]*wireType, id typeID, b []byte) error {
	w := &walker{cursor: cursor{b: b}, types: types}
	if t := types[id]; t == nil || t.kind != structKind {
		// Written as a struct field without a number.
		if w.uint() != 0 {
			w.fail("value of type %d does not begin with a zero", id)
		}
	}
	w.value(id)
	if w.err == nil && len(w.b) > 0 {
		w.fail("%d bytes after a value of type %d", len(w.b), id)
	}
	return w.err
}

func (w *walker) value(id typeID) {
	switch id {
	case boolID, intID, uintID, floatID:
		w.uint()
	case complexID:
		w.uint()
		w.uint()
	case bytesID, stringID:
		w.bytes()
	case interfaceID:
		if w.count(1) != 0 {
			w.err, w.b = errInterface, nil
		}
	default:
		w.defined(id)
	}
}

func (w *walker) defined(id typeID) {
	t := w.types[id]
	if t == nil {
		w.fail("type %d is not defined", id)
		return
	}
	if w.depth++; w.depth > maxDepth {
		w.fail("nested more than %d deep", maxDepth)
	}
	switch {
	case t.kind.opaque():
		w.bytes()
	case t.kind == structKind:
		w.fields(len(t.fields), func(i int) { w.value(t.fields[i].id) })
	case t.kind == mapKind:
		for range w.count(2) {
			w.value(t.key)
			w.value(t.elem)
			if w.err != nil {
				break
			}
		}
	default:
		w.items(t)
	}
	w.depth--
}

// items reads the elements of a slice or an array.
func (w *walker) items(t *wireType) {
	n := w.count(1)
	if t.kind == arrayKind && n != t.len {
		w.fail("array of %d elements where %d are due", n, t.len)
	}
	for range n {
		if w.err != nil {
			return
		}
		w.value(t.elem)
	}
}
