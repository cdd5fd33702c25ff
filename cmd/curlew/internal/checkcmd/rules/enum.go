// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func (c *checker) enum(old, new protoreflect.EnumDescriptor) {
	before, after := valuesByNumber(old), valuesByNumber(new)
	for _, number := range before.order {
		if after.names[number] == nil {
			c.valueRemoved(before.names[number], new)
		} else {
			c.valueNames(before.names[number], after.names[number], new)
		}
	}
	c.enumReservations(old, new)
	switch {
	case !old.IsClosed() && new.IsClosed():
		c.finding(EnumOpennessChanged, Wire, old, new, "keep it open (proto3, or features.enum_type = OPEN)",
			"%s is closed now; numbers that it does not name are dropped when read", new.FullName())
	case old.IsClosed() && !new.IsClosed():
		c.finding(EnumOpennessChanged, Source, old, new, "make sure that code takes numbers that it does not know",
			"%s is open now; code sees numbers that it does not name", new.FullName())
	}
	if jsonAllowed(old) && !jsonAllowed(new) {
		c.finding(EnumJSONFormat, JSON, old, new, "keep features.json_format = ALLOW",
			"%s need no longer have a JSON form; its names may clash", new.FullName())
	}
}

// enumValues are an enum's values by number; a number may have several names.
type enumValues struct {
	order []protoreflect.EnumNumber
	names map[protoreflect.EnumNumber][]protoreflect.EnumValueDescriptor
}

func valuesByNumber(e protoreflect.EnumDescriptor) enumValues {
	v := enumValues{names: make(map[protoreflect.EnumNumber][]protoreflect.EnumValueDescriptor)}
	for i := range e.Values().Len() {
		value := e.Values().Get(i)
		if v.names[value.Number()] == nil {
			v.order = append(v.order, value.Number())
		}
		v.names[value.Number()] = append(v.names[value.Number()], value)
	}
	return v
}

// valueRemoved reports a number that is gone, with all its names.
func (c *checker) valueRemoved(values []protoreflect.EnumValueDescriptor, new protoreflect.EnumDescriptor) {
	old := values[0]
	if moved := new.Values().ByName(old.Name()); moved != nil {
		c.finding(EnumValueRenumbered, Wire, old, moved, fmt.Sprintf("give it its number %d again", old.Number()),
			"%s has number %d now; each side reads the other's number as something else", describe(old), moved.Number())
		return
	}
	var open []string // names that are not reserved
	for _, v := range values {
		if !new.ReservedNames().Has(v.Name()) {
			open = append(open, string(v.Name()))
		}
	}
	number := new.ReservedRanges().Has(old.Number())
	var missing []string
	if !number {
		missing = append(missing, fmt.Sprintf("reserved %d;", old.Number()))
	}
	if len(open) > 0 {
		missing = append(missing, fmt.Sprintf("reserved %s;", quoted(new.ParentFile(), open...)))
	}
	fix := fmt.Sprintf("add `%s` to the enum, or keep the value, marked as deprecated", strings.Join(missing, " "))
	switch {
	case !number:
		c.finding(EnumValueRemoved, Wire, old, new, fix,
			"%s is gone and its number is not reserved; a later value of that number would be taken for it", describe(old))
	case len(open) > 0:
		c.finding(EnumValueRemoved, JSON, old, new, fix,
			"%s is gone and its name is not reserved; a later value of that name would be taken for it in JSON", describe(old))
	default:
		c.finding(EnumValueRemoved, Source, old, new, "nothing, if no code uses it; else keep the value, marked as deprecated",
			"%s is gone; code that uses it no longer compiles", describe(old))
	}
}

// valueNames reports names that a number no longer has. New names beside them do
// no harm.
func (c *checker) valueNames(old, new []protoreflect.EnumValueDescriptor, in protoreflect.EnumDescriptor) {
	for _, v := range old {
		if slices.ContainsFunc(new, func(w protoreflect.EnumValueDescriptor) bool { return w.Name() == v.Name() }) {
			continue
		}
		if moved := in.Values().ByName(v.Name()); moved != nil {
			c.finding(EnumValueRenumbered, Wire, v, moved, fmt.Sprintf("give it its number %d again", v.Number()),
				"%s has number %d now; each side reads the other's number as something else", describe(v), moved.Number())
		}
		c.finding(EnumValueRenamed, JSON, v, new[0],
			fmt.Sprintf("keep the name; a new one can stand beside it: `option allow_alias = true; %s = %d;`", new[0].Name(), v.Number()),
			"%s is called %q now; JSON with the old name is refused", describe(v), new[0].Name())
	}
}

func (c *checker) enumReservations(old, new protoreflect.EnumDescriptor) {
	for _, gone := range enumSpans(old.ReservedRanges()).without(enumSpans(new.ReservedRanges())) {
		c.finding(ReservedRemoved, Wire, old, new, fmt.Sprintf("add `reserved %s;` to the enum", gone),
			"%s no longer reserved; a value with such a number would be taken for one that is gone", gone.are(new.FullName()))
	}
	for i := range old.ReservedNames().Len() {
		if name := old.ReservedNames().Get(i); !new.ReservedNames().Has(name) {
			c.finding(ReservedRemoved, JSON, old, new, fmt.Sprintf("add `reserved %s;` to the enum", quoted(new.ParentFile(), string(name))),
				"the name %q of %s is no longer reserved; a value of that name would be taken for one that is gone", name, new.FullName())
		}
	}
}
