// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func (c *checker) message(old, new protoreflect.MessageDescriptor) {
	for i := range old.Fields().Len() {
		a := old.Fields().Get(i)
		if b := new.Fields().ByNumber(a.Number()); b != nil {
			c.field(a, b)
		} else {
			c.fieldRemoved(a, new)
		}
	}
	for i := range new.Fields().Len() {
		if b := new.Fields().Get(i); b.Cardinality() == protoreflect.Required && old.Fields().ByNumber(b.Number()) == nil {
			c.finding(RequiredFieldAdded, Wire, nil, b, "make it optional, and let code refuse messages without it where that matters",
				"%s must be set, but programs of the old version do not know it; what they send is refused", describe(b))
		}
	}
	c.oneofs(old, new)
	c.reservations(old, new)
	if jsonAllowed(old) && !jsonAllowed(new) {
		c.finding(MessageJSONFormat, JSON, old, new, "keep features.json_format = ALLOW",
			"%s need no longer have a JSON form; its fields may clash", new.FullName())
	}
}

// fieldRemoved reports a number that is gone. Removing is fine with the number
// and the name reserved, so that nobody uses them for something else.
func (c *checker) fieldRemoved(f protoreflect.FieldDescriptor, new protoreflect.MessageDescriptor) {
	if f.Cardinality() == protoreflect.Required {
		c.finding(RequiredFieldRemoved, Wire, f, new, "make it optional in all programs first, and remove it when none requires it",
			"%s is gone, but programs of the old version refuse messages without it", describe(f))
	}
	if moved := new.Fields().ByName(f.Name()); moved != nil {
		c.finding(FieldRenumbered, Wire, f, moved, fmt.Sprintf("give it its number %d again", f.Number()),
			"%s has number %d now; what was written with the old number is not read", describe(f), moved.Number())
		return
	}
	number, name := new.ReservedRanges().Has(f.Number()), new.ReservedNames().Has(f.Name())
	numberFix := fmt.Sprintf("reserved %d;", f.Number())
	nameFix := fmt.Sprintf("reserved %s;", quoted(new.ParentFile(), string(f.Name())))
	fix := func(statements string) string {
		return fmt.Sprintf("add `%s` to the message, or keep the field, marked as deprecated", statements)
	}
	switch {
	case number && name:
		c.finding(FieldRemoved, Source, f, new, "nothing, if no code uses it; else keep the field, marked as deprecated",
			"%s is gone; code that uses it no longer compiles", describe(f))
	case number:
		c.finding(FieldRemoved, JSON, f, new, fix(nameFix),
			"%s is gone and its name is not reserved; a later field of that name would read its JSON", describe(f))
	case name:
		c.finding(FieldRemoved, Wire, f, new, fix(numberFix),
			"%s is gone and its number is not reserved; a later field of that number would read its values", describe(f))
	default:
		c.finding(FieldRemoved, Wire, f, new, fix(numberFix+" "+nameFix),
			"%s is gone and neither its number nor its name is reserved; a later field would read its values", describe(f))
	}
}

// oneofs reports oneofs that are gone while their fields are elsewhere or gone.
func (c *checker) oneofs(old, new protoreflect.MessageDescriptor) {
	for i := range old.Oneofs().Len() {
		o := old.Oneofs().Get(i)
		if !o.IsSynthetic() && new.Oneofs().ByName(o.Name()) == nil {
			c.finding(OneofRemoved, Source, o, new, "keep the oneof; code refers to it", "oneof %q of %s is gone", o.Name(), old.FullName())
		}
	}
}

// reservations compares reserved numbers and names, and numbers for extensions.
func (c *checker) reservations(old, new protoreflect.MessageDescriptor) {
	reserved := fieldSpans(new.ReservedRanges())
	for _, gone := range fieldSpans(old.ReservedRanges()).without(reserved) {
		for i := range new.Fields().Len() {
			if f := new.Fields().Get(i); gone.has(int64(f.Number())) {
				c.finding(ReservedRemoved, Wire, old, f, "give the field a number that was never used, and reserve this one again",
					"%s has a number that was reserved for a field that is gone; values of that field are read as this one's", describe(f))
			}
		}
		c.finding(ReservedRemoved, Wire, old, new, fmt.Sprintf("add `reserved %s;` to the message", gone),
			"%s no longer reserved; old values with such a number could be read as another field's", gone.are(new.FullName()))
	}
	for i := range old.ReservedNames().Len() {
		if name := old.ReservedNames().Get(i); !new.ReservedNames().Has(name) {
			c.finding(ReservedRemoved, JSON, old, new, fmt.Sprintf("add `reserved %s;` to the message", quoted(new.ParentFile(), string(name))),
				"the name %q of %s is no longer reserved; old JSON with that name could be read as another field's", name, new.FullName())
		}
	}
	for _, gone := range fieldSpans(old.ExtensionRanges()).without(fieldSpans(new.ExtensionRanges())) {
		severity := Wire
		if len(spans{gone}.without(reserved)) == 0 {
			severity = Source
		}
		c.finding(ExtensionRangeRemoved, severity, old, new, fmt.Sprintf("add `extensions %s;` to the message", gone),
			"%s no longer there for extensions; those that have one no longer compile", gone.are(new.FullName()))
	}
}

// extensions compares the extensions of all messages.
func (c *checker) extensions() {
	for _, key := range c.old.order {
		old := c.old.extensions[key]
		message := key.message
		if to, ok := c.names[message]; ok {
			message = to
		}
		if new := c.new.extensions[extension{message, key.number}]; new != nil {
			c.field(old, new)
			continue
		}
		if !c.old.owns(old) || c.packages[old.ParentFile().Package()] == "" {
			continue
		}
		var in protoreflect.Descriptor
		if file := c.counterpart(old.ParentFile()); file != nil {
			in = file
		}
		c.finding(ExtensionRemoved, JSON, old, in, "keep it, marked as deprecated",
			"%s is gone; JSON with it is refused, and its values are not read", describe(old))
	}
}
