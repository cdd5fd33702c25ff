// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// Bounds of one stream's types. Honest programs stay far below: they define
// each Go type that they send once.
const (
	maxTypes     = 4 << 10
	maxTypeBytes = 256 << 10
)

// typeID is a type's number in one stream.
type typeID int32

// The types that every stream has. Below firstUserID gob has others, of its own
// definitions, which no program sends as values.
const (
	boolID      typeID = 1
	intID       typeID = 2
	uintID      typeID = 3
	floatID     typeID = 4
	bytesID     typeID = 5
	stringID    typeID = 6
	complexID   typeID = 7
	interfaceID typeID = 8
	firstUserID typeID = 64
)

func (id typeID) builtin() bool { return boolID <= id && id <= interfaceID }

// kind is how a defined type's values are laid out.
type kind uint8

// The kinds in the order of the fields of gob's wireType. A value of the last
// three is what a method of the sender's type made of it: bytes.
const (
	arrayKind kind = iota
	sliceKind
	structKind
	mapKind
	gobEncoderKind
	binaryMarshalerKind
	textMarshalerKind
	kinds
)

func (k kind) opaque() bool { return k >= gobEncoderKind }

// wireType is a type as the peer has defined it. It is immutable.
type wireType struct {
	kind   kind
	key    typeID // of a map
	elem   typeID // of an array, slice or map
	len    int    // of an array
	fields []field
}

type field struct {
	name string
	id   typeID
}

// table holds the types of a stream. One goroutine defines types; lookups are
// safe for concurrent use.
type table struct {
	mu    sync.Mutex // held by define while it writes, and by find
	types map[typeID]*wireType
	bytes int
}

// find returns a defined type, nil if there is none of that number.
func (t *table) find(id typeID) *wireType {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.types[id]
}

// define adds the type that message, without its length and number, describes.
func (t *table) define(id typeID, message []byte) error {
	if id < firstUserID {
		return fmt.Errorf("gob: definition of type %d, which is not for users to define", id)
	}
	if t.bytes += len(message); t.bytes > maxTypeBytes {
		return fmt.Errorf("gob: more than %d bytes of type definitions", maxTypeBytes)
	}
	if len(t.types) == maxTypes {
		return fmt.Errorf("gob: more than %d types", maxTypes)
	}
	if t.types[id] != nil {
		return fmt.Errorf("gob: second definition of type %d", id)
	}
	w, err := parseType(message)
	if err != nil {
		return fmt.Errorf("definition of type %d: %w", id, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.types == nil {
		t.types = make(map[typeID]*wireType)
	}
	t.types[id] = w
	return nil
}

// parseType reads a wireType, a struct of which exactly one field is set.
func parseType(b []byte) (*wireType, error) {
	c := &cursor{b: b}
	var w *wireType
	c.fields(int(kinds), func(i int) {
		if w != nil {
			c.fail("a type of two kinds")
			return
		}
		w = &wireType{kind: kind(i)}
		c.definition(w)
	})
	switch {
	case c.err != nil:
		return nil, c.err
	case len(c.b) > 0:
		return nil, fmt.Errorf("gob: %d bytes after a type definition", len(c.b))
	case w == nil:
		return nil, errors.New("gob: a type of no kind")
	}
	return w, nil
}

// definition reads an arrayType, sliceType, structType, mapType or
// gobEncoderType. The first field of each is CommonType, of which nothing is
// needed.
func (c *cursor) definition(w *wireType) {
	own := [kinds]int{arrayKind: 2, sliceKind: 1, structKind: 1, mapKind: 2}[w.kind]
	c.fields(1+own, func(i int) {
		switch {
		case i == 0:
			c.commonType()
		case w.kind == structKind:
			c.structFields(w)
		case w.kind == arrayKind && i == 2:
			w.len = c.arrayLen()
		case w.kind == mapKind && i == 1:
			w.key = c.typeID()
		default:
			w.elem = c.typeID()
		}
	})
	if own > 0 && w.kind != structKind && w.elem == 0 || w.kind == mapKind && w.key == 0 {
		c.fail("a type without the type of its elements")
	}
}

func (c *cursor) commonType() {
	c.fields(2, func(i int) {
		if i == 0 {
			c.bytes()
		} else {
			c.int()
		}
	})
}

func (c *cursor) structFields(w *wireType) {
	for range c.count(1) {
		var f field
		c.fields(2, func(i int) {
			if i == 0 {
				f.name = string(c.bytes())
			} else {
				f.id = c.typeID()
			}
		})
		if c.err == nil && (f.name == "" || f.id == 0) {
			c.fail("a field without a name or a type")
		}
		if c.err != nil {
			return
		}
		w.fields = append(w.fields, f)
	}
}

func (c *cursor) arrayLen() int {
	n := c.int()
	if n < 0 || n > math.MaxInt32 {
		c.fail("array of length %d", n)
		return 0
	}
	return int(n)
}

func (c *cursor) typeID() typeID {
	id := c.int()
	if !typeID(id).builtin() && (id < int64(firstUserID) || id > math.MaxInt32) {
		c.fail("reference to type %d", id)
		return 0
	}
	return typeID(id)
}

// fields reads a struct of n fields: pairs of the distance to the next field's
// number and its value, until a distance of zero.
func (c *cursor) fields(n int, value func(i int)) {
	for i := -1; ; {
		delta := c.uint()
		if c.err != nil || delta == 0 {
			return
		}
		if delta >= uint64(n-i) {
			c.fail("field %d of a struct of %d fields", uint64(i)+delta, n)
			return
		}
		i += int(delta)
		value(i)
	}
}
