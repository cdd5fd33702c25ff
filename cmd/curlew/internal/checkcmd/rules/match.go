// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// matchPackages finds which package of the new version each of the old one is.
// A package whose name is gone is the one that its files are in now.
func (c *checker) matchPackages() {
	c.packages = make(map[protoreflect.FullName]protoreflect.FullName)
	for _, file := range c.old.files {
		if name := file.Package(); c.new.packages[name] != nil {
			c.packages[name] = name
		} else if to := c.counterpart(file); to != nil && c.packages[name] == "" && c.old.packages[to.Package()] == nil {
			c.packages[name] = to.Package()
		}
	}
}

// counterpart returns what an own file of the old version is in the new one: the
// file of the same path, or the only one, if each version has but one.
func (c *checker) counterpart(file protoreflect.FileDescriptor) protoreflect.FileDescriptor {
	if to := c.new.file(file.Path()); to != nil || !c.old.owns(file) {
		return to
	}
	if len(c.old.own) == 1 && len(c.new.own) == 1 {
		return c.new.files[0]
	}
	return nil
}

// matchAll pairs messages, enums and services, and reports those that are gone.
func (c *checker) matchAll() {
	for _, name := range slices.Sorted(maps.Keys(c.old.packages)) {
		old := c.old.packages[name]
		to, ok := c.packages[name]
		switch {
		case ok:
			c.matchScope(old, c.new.packages[to], nil)
		case name == "":
			c.matchScope(old, new(scope), nil) // each by itself: there is no name for all
		default:
			c.packageRemoved(name, old)
		}
	}
}

func (c *checker) packageRemoved(name protoreflect.FullName, old *scope) {
	var first protoreflect.FileDescriptor
	for _, file := range c.old.files {
		if file.Package() == name && c.old.owns(file) {
			first = file
			break
		}
	}
	if first == nil {
		return
	}
	severity, what := Source, "its messages"
	if len(old.services) > 0 {
		severity, what = Wire, "its messages and services ("
		for i, s := range old.services {
			if i > 0 {
				what += ", "
			}
			what += string(s.Name())
		}
		what += ")"
	}
	c.findings = append(c.findings, Finding{
		Rule: PackageRemoved, Severity: severity, Element: name, Old: placeAt(first, filePackage),
		Reason: fmt.Sprintf("package %s is gone, and %s with it", name, what),
		Fix:    "keep it, marked as deprecated, until nobody uses it; add a new version as a package beside it",
	})
}

// matchScope pairs what stands in two scopes. The parent is what things were
// removed from, nil for packages.
func (c *checker) matchScope(old, new *scope, parent protoreflect.Descriptor) {
	gone := func(d protoreflect.Descriptor, rule string, severity Severity, what, fix string) {
		if !c.old.owns(d) {
			return
		}
		from := parent
		if from == nil {
			if file := c.counterpart(d.ParentFile()); file != nil {
				from = file
			}
		}
		c.finding(rule, severity, d, from, fix, "%s %s is gone", what, d.FullName())
	}
	messages, removed := match(old.messages, new.messages, messageShape)
	for _, m := range messages {
		c.messages = append(c.messages, m)
		c.names[m.old.FullName()] = m.new.FullName()
		c.renamed(MessageRenamed, Source, m.old, m.new, "message",
			"keep the name; code, and values in google.protobuf.Any, refer to it")
		c.matchScope(scopeOf(m.old), scopeOf(m.new), m.new)
	}
	for _, m := range removed {
		gone(m, MessageRemoved, Source, "message", "keep it, marked as deprecated, until no code and no google.protobuf.Any refers to it")
	}
	enums, removedEnums := match(old.enums, new.enums, enumShape)
	for _, m := range enums {
		c.enums = append(c.enums, m)
		c.names[m.old.FullName()] = m.new.FullName()
		c.renamed(EnumRenamed, Source, m.old, m.new, "enum", "keep the name; code refers to it")
	}
	for _, m := range removedEnums {
		gone(m, EnumRemoved, Source, "enum", "keep it, marked as deprecated, until no code refers to it")
	}
	services, removedServices := match(old.services, new.services, serviceShape)
	for _, m := range services {
		c.services = append(c.services, m)
		c.renamed(ServiceRenamed, Wire, m.old, m.new, "service",
			"keep the name, it is a part of every call's path; offer the new name as a second service")
	}
	for _, m := range removedServices {
		gone(m, ServiceRemoved, Wire, "service", "keep it, marked as deprecated, until nobody calls it; its calls fail with unimplemented")
	}
}

// renamed reports a pair whose names differ by more than their package.
func (c *checker) renamed(rule string, severity Severity, old, new protoreflect.Descriptor, what, fix string) {
	if old.Name() != new.Name() {
		c.finding(rule, severity, old, new, fix, "%s %s was, it seems, renamed to %s", what, old.FullName(), new.FullName())
	}
}

// match pairs elements of the same name, then those without a partner whose
// shapes are alike, and returns those that stay alone.
func match[D protoreflect.Descriptor](old, new []D, shape func(D) map[string]bool) (pairs []pair[D], alone []D) {
	byName := make(map[protoreflect.Name]D, len(new))
	for _, d := range new {
		byName[d.Name()] = d
	}
	oldNames := make(map[protoreflect.Name]bool, len(old))
	for _, d := range old {
		oldNames[d.Name()] = true
	}
	taken := make(map[protoreflect.Name]bool)
	for _, d := range old {
		if to, ok := byName[d.Name()]; ok {
			pairs = append(pairs, pair[D]{d, to})
			continue
		}
		best, score := d, 0.0
		for _, candidate := range new {
			if oldNames[candidate.Name()] || taken[candidate.Name()] {
				continue
			}
			if s := likeness(shape(d), shape(candidate)); s > score {
				best, score = candidate, s
			}
		}
		if score < 2.0/3 {
			alone = append(alone, d)
			continue
		}
		taken[best.Name()] = true
		pairs = append(pairs, pair[D]{d, best})
	}
	return pairs, alone
}

// likeness is the share of what two sets have in common.
func likeness(a, b map[string]bool) float64 {
	common := 0
	for s := range a {
		if b[s] {
			common++
		}
	}
	if all := len(a) + len(b) - common; all > 0 {
		return float64(common) / float64(all)
	}
	return 0
}

func messageShape(m protoreflect.MessageDescriptor) map[string]bool {
	shape := make(map[string]bool, m.Fields().Len())
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		shape[fmt.Sprint(f.Number(), f.Name(), f.Kind(), f.IsList())] = true
	}
	return shape
}

func enumShape(e protoreflect.EnumDescriptor) map[string]bool {
	shape := make(map[string]bool, e.Values().Len())
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		shape[fmt.Sprint(v.Number(), v.Name())] = true
	}
	return shape
}

func serviceShape(s protoreflect.ServiceDescriptor) map[string]bool {
	shape := make(map[string]bool, s.Methods().Len())
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		shape[fmt.Sprint(m.Name(), m.Input().Name(), m.Output().Name())] = true
	}
	return shape
}
