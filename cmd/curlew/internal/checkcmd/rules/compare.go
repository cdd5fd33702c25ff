// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Set is one version of an interface: its files. What they import takes part
// where both versions have it, but is not missed.
type Set []protoreflect.FileDescriptor

// Compare returns what changed between two versions and hurts somebody, ordered
// by place.
func Compare(old, new Set) []Finding {
	c := &checker{old: indexOf(old), new: indexOf(new), names: make(map[protoreflect.FullName]protoreflect.FullName)}
	c.matchPackages()
	// All names are matched before anything is compared: types of fields are
	// compared by them.
	c.matchAll()
	c.files()
	for _, m := range c.messages {
		c.message(m.old, m.new)
	}
	for _, m := range c.enums {
		c.enum(m.old, m.new)
	}
	for _, m := range c.services {
		c.service(m.old, m.new)
	}
	c.extensions()
	slices.SortStableFunc(c.findings, order)
	return slices.CompactFunc(c.findings, func(a, b Finding) bool { return a == b })
}

// pair is an element of the old version and what it is in the new one.
type pair[D protoreflect.Descriptor] struct{ old, new D }

type checker struct {
	old, new *index
	packages map[protoreflect.FullName]protoreflect.FullName // old names to new ones
	names    map[protoreflect.FullName]protoreflect.FullName // of messages and enums

	messages []pair[protoreflect.MessageDescriptor]
	enums    []pair[protoreflect.EnumDescriptor]
	services []pair[protoreflect.ServiceDescriptor]

	findings []Finding
}

// finding adds one about an element that is there in both versions, or whose
// parent is.
func (c *checker) finding(rule string, severity Severity, old, new protoreflect.Descriptor, fix, reason string, args ...any) {
	element := old
	if element == nil {
		element = new
	}
	c.findings = append(c.findings, Finding{
		Rule: rule, Severity: severity, Element: element.FullName(),
		Old: placeOf(old), New: placeOf(new),
		Reason: fmt.Sprintf(reason, args...), Fix: fix,
	})
}

// sameType reports whether a type of the old version is one of the new version by
// name. That of its package may have changed, which is reported with the package.
func (c *checker) sameType(old, new protoreflect.Descriptor) bool {
	if old.FullName() == new.FullName() {
		return true
	}
	return c.names[old.FullName()] == new.FullName() && inPackage(old) == inPackage(new)
}

// inPackage returns an element's full name without that of its package.
func inPackage(d protoreflect.Descriptor) string {
	return strings.TrimPrefix(string(d.FullName()), string(d.ParentFile().Package())+".")
}

// describe returns what an element is called in a sentence: field 3 "sku".
func describe(d protoreflect.Descriptor) string {
	switch d := d.(type) {
	case protoreflect.FieldDescriptor:
		what := "field"
		if d.IsExtension() {
			what = "extension"
		}
		return fmt.Sprintf("%s %d %q of %s", what, d.Number(), d.Name(), d.ContainingMessage().FullName())
	case protoreflect.EnumValueDescriptor:
		return fmt.Sprintf("value %d %q of %s", d.Number(), d.Name(), d.Parent().FullName())
	case protoreflect.MethodDescriptor:
		return fmt.Sprintf("method %s/%s", d.Parent().FullName(), d.Name())
	}
	return string(d.FullName())
}

// quoted joins names as they stand in a reserved statement of that file.
func quoted(file protoreflect.FileDescriptor, names ...string) string {
	if file.Syntax() == protoreflect.Editions {
		return strings.Join(names, ", ")
	}
	return `"` + strings.Join(names, `", "`) + `"`
}
