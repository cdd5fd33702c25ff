// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// identifier turns a name into a protobuf identifier: what cannot stand in one
// becomes an underscore.
func identifier(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r >= '0' && r <= '9' && i > 0:
			b.WriteRune(r)
		case r >= '0' && r <= '9':
			b.WriteByte('_')
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// plainName is a name without case and underscores. Names that differ in
// nothing else count as the same: Go's UserID is protobuf's user_id.
func plainName(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// A nameSet keeps the names of one scope apart from one another, also from
// those that differ only in case and underscores, as protoc demands of fields.
type nameSet map[string]bool

// add takes a name, with the first free number behind it if it is taken.
func (s nameSet) add(name string) string {
	unique := name
	for n := 2; s[plainName(unique)]; n++ {
		unique = name + strconv.Itoa(n)
	}
	s[plainName(unique)] = true
	return unique
}

// mapEntryName is what protobuf calls the message of a map field's entries.
func mapEntryName(fieldName string) string {
	var b strings.Builder
	upper := true
	for _, r := range fieldName {
		switch {
		case r == '_':
			upper = true
			continue
		case upper:
			r = unicode.ToUpper(r)
		}
		upper = false
		b.WriteRune(r)
	}
	return b.String() + "Entry"
}

// commonPackage is the protobuf package of wrapped types that belong to no Go
// package.
const commonPackage = "curlew"

// packageOf returns the protobuf package of a Go type's message: the name, not
// the path, of the package that declares it.
func packageOf(t reflect.Type) string {
	if t == timeType || t == durationType {
		return commonPackage
	}
	if t.PkgPath() != "" {
		name, _, _ := strings.Cut(t.String(), ".")
		return identifier(name)
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		return packageOf(t.Elem())
	}
	return commonPackage
}

// typeLabel returns a name for the message of a Go type: Order for
// shop.Order, Page_Order for shop.Page[shop.Order]; and for types that are
// wrapped IntValue, OrderList, StringOrderMap.
func typeLabel(t reflect.Type, wrapped bool) string {
	suffix := ""
	if wrapped {
		suffix = "Value"
	}
	switch k := t.Kind(); {
	case t.Name() != "":
		return upperFirst(genericLabel(t.Name()), wrapped) + suffix
	case isBytes(t):
		return "Bytes" + suffix
	case k == reflect.Slice || k == reflect.Array:
		return upperFirst(typeLabel(t.Elem(), false), true) + "List"
	case k == reflect.Map:
		return upperFirst(typeLabel(t.Key(), false), true) + upperFirst(typeLabel(t.Elem(), false), true) + "Map"
	case k == reflect.Pointer:
		return typeLabel(t.Elem(), wrapped)
	}
	return "Struct"
}

func upperFirst(s string, do bool) string {
	if !do || s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// genericLabel turns Page[example.com/shop.Order] into Page_Order.
func genericLabel(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("[]*,{}; ", r) })
	for i, word := range words {
		words[i] = identifier(word[strings.LastIndexByte(word, '.')+1:])
	}
	return strings.Join(words, "_")
}
