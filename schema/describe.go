// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A declaration is a Go type that gets a message of its own in a file. An enum
// becomes a message that holds nothing but the enum, because the names of
// enum values belong to the scope around the enum: two enums of one package
// could not both have an "Unknown".
type declaration struct {
	typ     reflect.Type
	message *message // nil for enums
	enum    *enum
	home    string // protobuf package
	name    string
}

func (d *declaration) fullName() string {
	name := qualify(d.home, d.name)
	if d.enum != nil {
		name += "." + enumName
	}
	return name
}

// enumName is what an enum is called within its message.
const enumName = "Enum"

// declared identifies a declaration: a type may be declared as what it is and
// wrapped as well.
type declared struct {
	typ     reflect.Type
	wrapper bool
}

// A drawing collects declarations and draws them up as files: one for each
// protobuf package, that is for each Go package name.
type drawing struct {
	declarations []*declaration // in the order in which they are met
	byType       map[declared]*declaration
	imports      protoregistry.Files // files that are not derived, later all
	files        []protoreflect.FileDescriptor
	services     []Service
}

// describeMessage derives the descriptor of one message.
func describeMessage(m *message) (protoreflect.MessageDescriptor, error) {
	d := newDrawing(nil)
	err := d.addMessage(m, nil, "")
	if err == nil {
		err = d.draw()
	}
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.typ, err)
	}
	found, err := d.imports.FindDescriptorByName(protoreflect.FullName(d.messageOf(m).fullName()))
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", m.typ, err)
	}
	return found.(protoreflect.MessageDescriptor), nil
}

func newDrawing(services []Service) *drawing {
	return &drawing{byType: make(map[declared]*declaration), services: services}
}

// messageOf returns the declaration of a message that was added.
func (d *drawing) messageOf(m *message) *declaration { return d.byType[declared{m.typ, m.wrapper}] }

// enumOf returns the declaration of an enum that was added.
func (d *drawing) enumOf(e *enum) *declaration { return d.byType[declared{e.typ, false}] }

// addMessage declares m and all that it refers to. A struct without a name is
// called after the field in which it was met.
func (d *drawing) addMessage(m *message, parent *declaration, fieldName string) error {
	if d.messageOf(m) != nil {
		return nil
	}
	decl := &declaration{typ: m.typ, message: m, home: packageOf(m.typ), name: typeLabel(m.typ, m.wrapper)}
	if m.typ.Name() == "" && parent != nil {
		decl.home, decl.name = parent.home, parent.name+"_"+fieldName
	}
	d.add(decl)
	for i := range m.fields {
		f := &m.fields[i]
		var err error
		switch v := &f.value; {
		case v.kind == kindMessage:
			err = d.addMessage(v.message, decl, f.name)
		case v.kind == kindTime:
			err = d.addImport(timestamppb.File_google_protobuf_timestamp_proto)
		case v.kind == kindDuration:
			err = d.addImport(durationpb.File_google_protobuf_duration_proto)
		case v.kind == kindProto:
			var md protoreflect.MessageDescriptor
			if md, err = protoDescriptor(v.typ); err == nil {
				err = d.addImport(md.ParentFile())
			}
		case v.kind == kindEnum && v.enum.descriptor != nil:
			err = d.addImport(v.enum.descriptor.ParentFile())
		case v.kind == kindEnum && d.enumOf(v.enum) == nil:
			d.add(&declaration{typ: v.typ, enum: v.enum, home: packageOf(v.typ), name: typeLabel(v.typ, false)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *drawing) add(decl *declaration) {
	d.declarations = append(d.declarations, decl)
	d.byType[declared{decl.typ, decl.message != nil && decl.message.wrapper}] = decl
}

// addImport adds a file that is not derived, and what it imports.
func (d *drawing) addImport(file protoreflect.FileDescriptor) error {
	if file.IsPlaceholder() {
		return nil
	}
	if _, err := d.imports.FindFileByPath(file.Path()); err == nil {
		return nil
	}
	for i := range file.Imports().Len() {
		if err := d.addImport(file.Imports().Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return d.imports.RegisterFile(file)
}

// draw names the declarations and builds their files.
func (d *drawing) draw() error {
	d.name()
	homes, acyclic := d.homesInOrder()
	if !acyclic {
		d.gather()
		d.name()
		homes, _ = d.homesInOrder()
	}
	for _, home := range homes {
		if err := d.build(d.messageFile(home)); err != nil {
			return err
		}
	}
	for _, s := range d.services {
		if err := d.build(d.serviceFile(s)); err != nil {
			return err
		}
	}
	return nil
}

// name gives declarations of one package different names. They keep theirs as
// far as possible: named types before generic ones, these before those that
// have no name in Go, within that by import path.
func (d *drawing) name() {
	rank := func(d *declaration) int {
		switch name := d.typ.Name(); {
		case name == "" || d.message != nil && d.message.wrapper:
			return 2
		case name[len(name)-1] == ']':
			return 1
		}
		return 0
	}
	sorted := slices.Clone(d.declarations)
	slices.SortStableFunc(sorted, func(a, b *declaration) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.typ.PkgPath(), b.typ.PkgPath()), cmp.Compare(a.typ.String(), b.typ.String()))
	})
	taken := d.takenNames()
	for _, decl := range sorted {
		if taken[decl.home] == nil {
			taken[decl.home] = make(nameSet)
		}
		decl.name = taken[decl.home].add(decl.name)
	}
}

// takenNames returns the names that imported files and services occupy, by
// package.
func (d *drawing) takenNames() map[string]nameSet {
	taken := make(map[string]nameSet)
	take := func(full protoreflect.FullName) {
		home := string(full.Parent())
		if taken[home] == nil {
			taken[home] = make(nameSet)
		}
		taken[home].add(string(full.Name()))
	}
	d.imports.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			take(file.Messages().Get(i).FullName())
		}
		for i := range file.Services().Len() {
			take(file.Services().Get(i).FullName())
		}
		for i := range file.Extensions().Len() {
			take(file.Extensions().Get(i).FullName())
		}
		for i := range file.Enums().Len() {
			take(file.Enums().Get(i).FullName())
			for values, j := file.Enums().Get(i).Values(), 0; j < values.Len(); j++ {
				take(values.Get(j).FullName())
			}
		}
		return true
	})
	for _, s := range d.services {
		take(protoreflect.FullName(s.Name))
	}
	return taken
}

// homesInOrder returns the packages, those first that others refer to; false
// if they refer to one another in a circle. Go's packages cannot, but generic
// types (api.Page[shop.Item], used in shop) and packages of one name can.
func (d *drawing) homesInOrder() (order []string, acyclic bool) {
	uses := make(map[string]map[string]bool)
	for _, decl := range d.declarations {
		if uses[decl.home] == nil {
			uses[decl.home] = make(map[string]bool)
		}
		for _, other := range d.references(decl) {
			if other.home != decl.home {
				uses[decl.home][other.home] = true
			}
		}
	}
	for len(uses) > 0 {
		before := len(order)
		for _, home := range slices.Sorted(maps.Keys(uses)) {
			ready := true
			for used := range uses[home] {
				ready = ready && slices.Contains(order, used)
			}
			if ready {
				order = append(order, home)
				delete(uses, home)
			}
		}
		if len(order) == before {
			return nil, false
		}
	}
	return order, true
}

// references returns the declarations that a message's fields refer to.
func (d *drawing) references(decl *declaration) []*declaration {
	if decl.message == nil {
		return nil
	}
	var found []*declaration
	for i := range decl.message.fields {
		switch v := &decl.message.fields[i].value; {
		case v.kind == kindMessage:
			found = append(found, d.messageOf(v.message))
		case v.kind == kindEnum && v.enum.descriptor == nil:
			found = append(found, d.enumOf(v.enum))
		}
	}
	return found
}

// gather moves all declarations to the package of the first; the names of the
// others begin with their own package's.
func (d *drawing) gather() {
	home := d.declarations[0].home
	for _, decl := range d.declarations {
		if decl.home != home {
			decl.home, decl.name = home, decl.home+"_"+decl.name
		}
	}
}

// build turns a file into its descriptor and makes it known to later ones.
func (d *drawing) build(file *descriptorpb.FileDescriptorProto) error {
	path := *file.Name
	for n := 2; ; n++ {
		if _, err := d.imports.FindFileByPath(*file.Name); err != nil {
			break
		}
		file.Name = proto.String(fmt.Sprintf("%s%d.proto", path[:len(path)-len(".proto")], n))
	}
	slices.Sort(file.Dependency)
	file.Dependency = slices.Compact(file.Dependency)
	file.Syntax = proto.String("proto3")
	built, err := protodesc.NewFile(file, &d.imports)
	if err != nil {
		return err
	}
	d.files = append(d.files, built)
	return d.imports.RegisterFile(built)
}

// pathOf returns the path of the file that declares a full name.
func (d *drawing) pathOf(name string) string {
	found, err := d.imports.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return ""
	}
	return found.ParentFile().Path()
}

func qualify(home, name string) string {
	if home == "" {
		return name
	}
	return home + "." + name
}
