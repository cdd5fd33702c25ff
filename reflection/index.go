// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// An index is what there is to say of a list of services. It is not changed
// once it is made.
type index struct {
	services   []*curlew.Service
	files      protoregistry.Files
	encoded    map[string][]byte // FileDescriptorProto, by path
	extensions map[protoreflect.FullName]map[protoreflect.FieldNumber]protoreflect.FileDescriptor
	problems   map[string]error // why a service has no descriptor, by name
}

// newIndex describes services, by the given files where these declare them.
func newIndex(services []*curlew.Service, given []protoreflect.FileDescriptor) *index {
	x := &index{
		services:   services,
		encoded:    make(map[string][]byte),
		extensions: make(map[protoreflect.FullName]map[protoreflect.FieldNumber]protoreflect.FileDescriptor),
		problems:   make(map[string]error),
	}
	var rest []*curlew.Service
	for _, s := range services {
		if file := declared(s, given); file == nil {
			rest = append(rest, s)
		} else if err := x.add(file); err != nil {
			x.problems[s.Name()] = err
		}
	}
	x.derive(rest)
	x.addExtensions()
	for _, file := range x.all() {
		x.encode(file)
	}
	return x
}

// add adds a file and those that it imports.
func (x *index) add(file protoreflect.FileDescriptor) error {
	if file.IsPlaceholder() {
		return nil
	}
	if known, err := x.files.FindFileByPath(file.Path()); err == nil {
		if known != file && !proto.Equal(protodesc.ToFileDescriptorProto(known), protodesc.ToFileDescriptorProto(file)) {
			return fmt.Errorf("there are two different files %s", file.Path())
		}
		return nil
	}
	for i := range file.Imports().Len() {
		if err := x.add(file.Imports().Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return x.files.RegisterFile(file)
}

// all returns the files, in order of their paths.
func (x *index) all() []protoreflect.FileDescriptor {
	files := make(map[string]protoreflect.FileDescriptor)
	x.files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		files[file.Path()] = file
		return true
	})
	sorted := make([]protoreflect.FileDescriptor, 0, len(files))
	for _, path := range slices.Sorted(maps.Keys(files)) {
		sorted = append(sorted, files[path])
	}
	return sorted
}

// derive adds files for services that no file declares. They are derived
// together, so that services share their messages; first each by itself, to
// find those that cannot be described.
func (x *index) derive(services []*curlew.Service) {
	var compiler schema.Compiler
	present := x.all()
	var described []schema.Service
	for _, s := range services {
		d, err := describe(&compiler, s)
		if err == nil {
			_, err = schema.FilesBeside(present, d)
		}
		if err != nil {
			x.problems[s.Name()] = err
			continue
		}
		described = append(described, d)
	}
	files, err := schema.FilesBeside(present, described...)
	for _, file := range files {
		if err == nil {
			err = x.add(file)
		}
	}
	if err != nil {
		for _, d := range described {
			x.problems[d.Name] = err
		}
	}
}

// addExtensions adds the files of linked generated code that extend messages
// of this index, and finds all extensions.
func (x *index) addExtensions() {
	for _, file := range x.all() {
		eachMessage(file.Messages(), func(d protoreflect.MessageDescriptor) {
			if d.ExtensionRanges().Len() == 0 {
				return
			}
			protoregistry.GlobalTypes.RangeExtensionsByMessage(d.FullName(), func(xt protoreflect.ExtensionType) bool {
				_ = x.add(xt.TypeDescriptor().ParentFile()) // one that does not fit is left out
				return true
			})
		})
	}
	for _, file := range x.all() {
		x.noteExtensions(file, file.Extensions())
		eachMessage(file.Messages(), func(d protoreflect.MessageDescriptor) { x.noteExtensions(file, d.Extensions()) })
	}
}

func (x *index) noteExtensions(file protoreflect.FileDescriptor, extensions protoreflect.ExtensionDescriptors) {
	for i := range extensions.Len() {
		d := extensions.Get(i)
		extended := d.ContainingMessage().FullName()
		if x.extensions[extended] == nil {
			x.extensions[extended] = make(map[protoreflect.FieldNumber]protoreflect.FileDescriptor)
		}
		x.extensions[extended][d.Number()] = file
	}
}

// eachMessage calls f for messages and those nested in them.
func eachMessage(messages protoreflect.MessageDescriptors, f func(protoreflect.MessageDescriptor)) {
	for i := range messages.Len() {
		f(messages.Get(i))
		eachMessage(messages.Get(i).Messages(), f)
	}
}

func (x *index) encode(file protoreflect.FileDescriptor) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(file))
	if err == nil { // else it is as if it were not there
		x.encoded[file.Path()] = b
	}
}
