// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// index is one version by names.
type index struct {
	files    []protoreflect.FileDescriptor // the version's own, then what they import
	own      map[string]bool               // by path
	packages map[protoreflect.FullName]*scope

	extensions map[extension]protoreflect.ExtensionDescriptor
	order      []extension
}

type extension struct {
	message protoreflect.FullName
	number  protoreflect.FieldNumber
}

// scope is what stands beside each other in a package or a message.
type scope struct {
	messages []protoreflect.MessageDescriptor
	enums    []protoreflect.EnumDescriptor
	services []protoreflect.ServiceDescriptor
}

func indexOf(set Set) *index {
	x := &index{
		own:        make(map[string]bool),
		packages:   make(map[protoreflect.FullName]*scope),
		extensions: make(map[extension]protoreflect.ExtensionDescriptor),
	}
	for _, file := range set {
		x.own[file.Path()] = true
	}
	seen := make(map[string]bool)
	for _, file := range set {
		x.add(file, seen)
	}
	return x
}

func (x *index) add(file protoreflect.FileDescriptor, seen map[string]bool) {
	// Protobuf's own files never change in a way that breaks anything, and each
	// side has those of its compiler.
	if seen[file.Path()] || file.IsPlaceholder() || strings.HasPrefix(file.Path(), "google/protobuf/") && !x.own[file.Path()] {
		return
	}
	seen[file.Path()] = true
	x.files = append(x.files, file)
	s := x.packages[file.Package()]
	if s == nil {
		s = new(scope)
		x.packages[file.Package()] = s
	}
	s.add(file)
	x.addExtensions(file)
	for i := range file.Imports().Len() {
		x.add(file.Imports().Get(i).FileDescriptor, seen)
	}
}

// container is a file or a message.
type container interface {
	Messages() protoreflect.MessageDescriptors
	Enums() protoreflect.EnumDescriptors
	Extensions() protoreflect.ExtensionDescriptors
}

func (s *scope) add(from container) {
	for i := range from.Messages().Len() {
		if m := from.Messages().Get(i); !m.IsMapEntry() {
			s.messages = append(s.messages, m)
		}
	}
	for i := range from.Enums().Len() {
		s.enums = append(s.enums, from.Enums().Get(i))
	}
	if file, ok := from.(protoreflect.FileDescriptor); ok {
		for i := range file.Services().Len() {
			s.services = append(s.services, file.Services().Get(i))
		}
	}
}

func (x *index) addExtensions(from container) {
	for i := range from.Extensions().Len() {
		d := from.Extensions().Get(i)
		key := extension{d.ContainingMessage().FullName(), d.Number()}
		if x.extensions[key] == nil {
			x.extensions[key] = d
			x.order = append(x.order, key)
		}
	}
	for i := range from.Messages().Len() {
		x.addExtensions(from.Messages().Get(i))
	}
}

// scopeOf returns what stands in a message.
func scopeOf(m protoreflect.MessageDescriptor) *scope {
	s := new(scope)
	s.add(m)
	return s
}

// owns reports whether d stands in one of the version's own files.
func (x *index) owns(d protoreflect.Descriptor) bool { return x.own[d.ParentFile().Path()] }

// file returns the own file of that path, nil if there is none.
func (x *index) file(path string) protoreflect.FileDescriptor {
	for _, file := range x.files {
		if file.Path() == path && x.own[path] {
			return file
		}
	}
	return nil
}
