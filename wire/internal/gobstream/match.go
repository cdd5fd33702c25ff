// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobstream

import (
	"fmt"
	"reflect"
)

// maxWork bounds the decoding instructions that one stream can make
// encoding/gob compile. It keeps them all, about 300 bytes each; an honest
// program needs one or two for each field that it sends.
const maxWork = 64 << 10

// matcher follows encoding/gob when it compiles a decoder for a local type and
// a peer's type, before encoding/gob does. It counts the instructions, and it
// finds the case in which gob would read a value by the layout of another: gob
// keeps one decoder for each local type in a struct, though the peer may have
// given two fields of that type different layouts.
type matcher struct {
	types *table
	left  int // instructions
	seen  map[pair]error
}

// pair is a local type and the peer's type that is decoded into it. The local
// type of a value that is skipped is nil.
type pair struct {
	local reflect.Type
	id    typeID
}

// admit reports why a value of the peer's type id cannot be decoded into local.
func (m *matcher) admit(local reflect.Type, id typeID) error {
	p := pair{deref(local), id}
	err, ok := m.seen[p]
	if !ok {
		if m.seen == nil {
			m.seen = make(map[pair]error)
		}
		err = m.compile(p)
		m.seen[p] = err
	}
	return err
}

// compile follows the compilation of p and of the structs below it.
func (m *matcher) compile(root pair) error {
	queue := []pair{root}
	queued := map[pair]bool{root: true}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		// As in gob, the scope of one struct, or of one value that is none.
		s := &scope{matcher: m, one: make(map[reflect.Type]typeID)}
		s.spend()
		if t := m.types.find(p.id); t != nil && t.kind == structKind {
			s.fields(p.local, t)
		} else {
			s.visit(p.local, p.id)
		}
		if s.err != nil {
			return s.err
		}
		for _, next := range s.structs {
			if !queued[next] {
				queued[next] = true
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// scope is the compilation of one struct's decoder.
type scope struct {
	*matcher
	one     map[reflect.Type]typeID // the layout of each local type
	structs []pair                  // have decoders of their own
	err     error
}

func (s *scope) fields(local reflect.Type, t *wireType) {
	for _, f := range t.fields {
		if s.err != nil {
			return
		}
		var of reflect.Type
		if local != nil && local.Kind() == reflect.Struct {
			if lf, ok := local.FieldByName(f.name); ok && lf.IsExported() {
				of = lf.Type
			}
		}
		if of == nil {
			s.skip(f.id, make(map[typeID]bool))
		} else {
			s.visit(of, f.id)
		}
	}
}

func (s *scope) spend() bool {
	if s.left--; s.left < 0 && s.err == nil {
		s.err = fmt.Errorf("gob: the types of this connection need more than %d decoding steps", maxWork)
	}
	return s.err == nil
}

// visit follows the compilation for a local type, and a peer's type that need
// not fit it: if it does not, gob says so.
func (s *scope) visit(local reflect.Type, id typeID) {
	if !s.spend() {
		return
	}
	if local == nil {
		s.skip(id, make(map[typeID]bool))
		return
	}
	local = deref(local)
	t := s.types.find(id)
	if t == nil || t.kind.opaque() {
		return
	}
	if other, ok := s.one[local]; ok {
		if other != id {
			s.err = fmt.Errorf("gob: two different layouts for values of type %v", local)
		}
		return
	}
	s.one[local] = id
	switch {
	case t.kind == structKind:
		s.structs = append(s.structs, pair{local, id})
	case t.kind == mapKind && local.Kind() == reflect.Map:
		s.visit(local.Key(), t.key)
		s.visit(local.Elem(), t.elem)
	case t.kind == sliceKind && local.Kind() == reflect.Slice,
		t.kind == arrayKind && local.Kind() == reflect.Array:
		s.visit(local.Elem(), t.elem)
	}
}

// skip follows the compilation for a value that is skipped.
func (s *scope) skip(id typeID, seen map[typeID]bool) {
	if !s.spend() || seen[id] {
		return
	}
	seen[id] = true
	t := s.types.find(id)
	switch {
	case t == nil || t.kind.opaque():
	case t.kind == structKind:
		s.structs = append(s.structs, pair{nil, id})
	case t.kind == mapKind:
		s.skip(t.key, seen)
		s.skip(t.elem, seen)
	default:
		s.skip(t.elem, seen)
	}
}

// deref returns what t points to. It gives up on a type that points to itself,
// which gob refuses.
func deref(t reflect.Type) reflect.Type {
	for range 100 {
		if t == nil || t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t
}
