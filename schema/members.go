// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/protobuf/encoding/protowire"
)

// A member is a Go field that becomes a field of a message: a struct's own, or
// one promoted from an embedded struct.
type member struct {
	number   protowire.Number
	jsonName string
	goName   string
	typ      reflect.Type
	hops     []hop
	offset   uintptr

	tagged bool  // by name, in a json tag
	order  []int // index sequence as of reflect.VisibleFields
	tag    string
}

// An embedding is a struct whose fields are promoted.
type embedding struct {
	typ    reflect.Type
	prefix string // of Go names
	hops   []hop
	offset uintptr
	order  []int
}

// membersOf returns the members of the struct t in the order of their numbers.
// Embedded structs are flattened as encoding/json does it.
func membersOf(t reflect.Type) ([]member, error) {
	var found []member
	visited := make(map[reflect.Type]bool)
	skipped := 0
	for level := []embedding{{typ: t}}; len(level) > 0; {
		var next []embedding
		for _, e := range level {
			visited[e.typ] = true
		}
		for _, e := range level {
			for i := range e.typ.NumField() {
				m, embedded, err := e.member(i)
				switch {
				case err != nil:
					return nil, err
				case embedded != nil:
					if !visited[embedded.typ] {
						next = append(next, *embedded)
					}
				case m != nil:
					found = append(found, *m)
				case e.typ.Field(i).IsExported() || e.typ.Field(i).Name == "_":
					skipped++
				}
			}
		}
		level = next
	}
	if len(found) == 0 && t.NumField() > skipped {
		return nil, fmt.Errorf("%s has no exported fields, so nothing of it would be sent; leave the field out with `curlew:\"-\"` or use another type", t)
	}
	members, err := dominant(found)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.order, b.order) })
	return members, numberMembers(members)
}

// member reads the field i of e: a member, a further embedded struct, or
// neither if the field is skipped.
func (e *embedding) member(i int) (*member, *embedding, error) {
	sf := e.typ.Field(i)
	goName := e.prefix + sf.Name
	tag := sf.Tag.Get("curlew")
	jsonTag := sf.Tag.Get("json")
	jsonName, _, _ := strings.Cut(jsonTag, ",")
	if !validJSONName(jsonName) {
		jsonName = ""
	}
	base := sf.Type
	if sf.Anonymous && base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	switch {
	case tag == "-", tag == "" && jsonTag == "-":
		return nil, nil, nil
	case !sf.IsExported() && !(sf.Anonymous && base.Kind() == reflect.Struct):
		if tag != "" {
			return nil, nil, fmt.Errorf("field %s has a curlew tag but is not exported", goName)
		}
		return nil, nil, nil
	case jsonTag == "-":
		return nil, nil, fmt.Errorf("field %s is numbered by its curlew tag and hidden by `json:\"-\"`; remove one of the two", goName)
	}
	order := append(slices.Clone(e.order), i)
	promoted := sf.Anonymous && base.Kind() == reflect.Struct && base != timeType && !isProto(base) && tag == "" && jsonName == ""
	if !promoted {
		if !sf.IsExported() {
			return nil, nil, fmt.Errorf("embedded field %s has a name or a number but is not exported", goName)
		}
		m := &member{jsonName: jsonName, goName: goName, typ: sf.Type, hops: e.hops, offset: e.offset + sf.Offset,
			tagged: jsonName != "", order: order, tag: tag}
		if !m.tagged {
			m.jsonName = sf.Name
		}
		return m, nil, nil
	}
	embedded := &embedding{typ: base, prefix: goName + ".", hops: e.hops, offset: e.offset + sf.Offset, order: order}
	if sf.Type.Kind() == reflect.Pointer {
		if !sf.IsExported() {
			return nil, nil, fmt.Errorf("embedded pointer %s to an unexported struct cannot be set when decoding; embed the struct itself", goName)
		}
		embedded.hops = append(slices.Clone(e.hops), hop{offset: embedded.offset, typ: base})
		embedded.offset = 0
	}
	return nil, embedded, nil
}

// validJSONName reports whether encoding/json takes a name from a tag; else it
// uses the Go name.
func validJSONName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
	})
}

// dominant drops the members that Go's rules hide: of several with one name
// the least nested is visible, among equals the one named by a json tag.
// encoding/json silently drops all if that leaves several; here it is an error.
func dominant(found []member) ([]member, error) {
	byName := make(map[string][]member)
	for _, m := range found {
		byName[m.jsonName] = append(byName[m.jsonName], m)
	}
	rank := func(m member) int {
		if m.tagged {
			return 2 * len(m.order)
		}
		return 2*len(m.order) + 1
	}
	var visible []member
	for _, m := range found { // not the map: errors are the same every time
		group := byName[m.jsonName]
		first := slices.MinFunc(group, func(a, b member) int { return cmp.Compare(rank(a), rank(b)) })
		switch {
		case rank(m) > rank(first):
		case !slices.Equal(m.order, first.order):
			return nil, fmt.Errorf("fields %s and %s share the name %q; rename one with a json tag", first.goName, m.goName, m.jsonName)
		default:
			visible = append(visible, m)
		}
	}
	return visible, nil
}

// numberMembers gives each member the number of its curlew tag or else the one
// after its predecessor's, and sorts them by number.
func numberMembers(members []member) error {
	owner := make(map[protowire.Number]string, len(members))
	number := protowire.Number(0)
	for i := range members {
		m := &members[i]
		number++
		if m.tag != "" {
			n, err := strconv.ParseInt(m.tag, 10, 32)
			if err != nil {
				return fmt.Errorf("field %s has the tag `curlew:%q`; it must be a field number, as in `curlew:\"3\"`, or \"-\"", m.goName, m.tag)
			}
			number = protowire.Number(n)
		}
		if !number.IsValid() || number >= protowire.FirstReservedNumber && number <= protowire.LastReservedNumber {
			return fmt.Errorf("field %s has the number %d; numbers go from 1 to %d without %d to %d", m.goName, number,
				protowire.MaxValidNumber, protowire.FirstReservedNumber, protowire.LastReservedNumber)
		}
		if other, taken := owner[number]; taken {
			return fmt.Errorf("fields %s and %s both have the number %d; number one of them with a curlew tag", other, m.goName, number)
		}
		owner[number] = m.goName
		m.number = number
	}
	if len(members) > maxFields {
		return errors.New("the struct has more than " + strconv.Itoa(maxFields) + " fields; group some of them in structs of their own")
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.number, b.number) })
	return nil
}

// maxFields keeps indices of fields within 16 bits.
const maxFields = 1 << 14
