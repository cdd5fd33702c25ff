// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Conflict is a field number, or a number of an enum, that two descriptors
// bind to different names or types. Values with it would be misunderstood.
type Conflict struct {
	Path   string // the message or the enum's field, from the root: "shop.Order.items"
	Number int32
	Mine   string // as it would stand in a .proto file: "repeated string tags"
	Theirs string
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("schema: in %s number %d is %q on this side and %q on the other; give one of them another number", c.Path, c.Number, c.Mine, c.Theirs)
}

// Compatible returns a [*Conflict], the first one in the order of numbers, if
// two descriptors of one message, or of messages that they refer to, bind a
// number to different names or types; nil if they can be understood by each
// other. Numbers that only one side has are fine. Names are compared without
// case and underscores; names of messages and enums do not matter. An enum and
// an int32 are the same type.
func Compatible(mine, theirs protoreflect.MessageDescriptor) error {
	type pair struct {
		mine, theirs protoreflect.MessageDescriptor
		path         string
	}
	queue := []pair{{mine, theirs, string(mine.FullName())}}
	seen := map[[2]protoreflect.FullName]bool{{mine.FullName(), theirs.FullName()}: true}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, a := range fieldsByNumber(p.mine) {
			b := p.theirs.Fields().ByNumber(a.Number())
			if b == nil {
				continue
			}
			if !sameField(a, b) {
				return &Conflict{Path: p.path, Number: int32(a.Number()), Mine: declarationOf(a), Theirs: declarationOf(b)}
			}
			path := p.path + "." + string(a.Name())
			if a.Enum() != nil && b.Enum() != nil {
				if err := compatibleEnums(a.Enum(), b.Enum(), path); err != nil {
					return err
				}
			}
			if a.Message() == nil {
				continue
			}
			if key := [2]protoreflect.FullName{a.Message().FullName(), b.Message().FullName()}; !seen[key] {
				seen[key] = true
				queue = append(queue, pair{a.Message(), b.Message(), path})
			}
		}
	}
	return nil
}

// sameField reports whether two fields agree in name and type.
func sameField(a, b protoreflect.FieldDescriptor) bool {
	kind := func(fd protoreflect.FieldDescriptor) protoreflect.Kind {
		if fd.Kind() == protoreflect.EnumKind {
			return protoreflect.Int32Kind
		}
		return fd.Kind()
	}
	return plainName(string(a.Name())) == plainName(string(b.Name())) && kind(a) == kind(b) &&
		(a.Cardinality() == protoreflect.Repeated) == (b.Cardinality() == protoreflect.Repeated)
}

// compatibleEnums reports a number that has names on both sides but none in
// common.
func compatibleEnums(mine, theirs protoreflect.EnumDescriptor, path string) error {
	names := enumNames(theirs)
	all := enumNames(mine)
	for _, number := range slices.Sorted(maps.Keys(all)) {
		own, other := all[number], names[number]
		if len(other) > 0 && !slices.ContainsFunc(own, func(name string) bool { return slices.Contains(other, name) }) {
			return &Conflict{Path: path, Number: int32(number), Mine: own[0], Theirs: other[0]}
		}
	}
	return nil
}

// enumNames returns the names of each number.
func enumNames(ed protoreflect.EnumDescriptor) map[protoreflect.EnumNumber][]string {
	names := make(map[protoreflect.EnumNumber][]string, ed.Values().Len())
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		names[v.Number()] = append(names[v.Number()], string(v.Name()))
	}
	return names
}

// declarationOf returns a field as it stands in a .proto file, without its
// number.
func declarationOf(fd protoreflect.FieldDescriptor) string {
	full := func(name protoreflect.FullName) string { return string(name) }
	return fieldType(fd, full) + " " + string(fd.Name())
}
