// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package protofiles

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// link registers files that are linked, with what they import, and those that are
// not, in an order in which none comes before what it imports.
func link(linked []protoreflect.FileDescriptor, rest []*descriptorpb.FileDescriptorProto) (*protoregistry.Files, error) {
	var types protoregistry.ExtensionTypeResolver = protoregistry.GlobalTypes
	for {
		files := new(protoregistry.Files)
		for _, fd := range linked {
			if err := register(files, fd); err != nil {
				return nil, err
			}
		}
		for _, f := range rest {
			if err := linkFile(files, f, types); err != nil {
				return nil, err
			}
		}
		if len(rest) == 0 || types != protoregistry.GlobalTypes {
			return files, nil
		}
		// Custom options are unknown fields so far. Now their types are known.
		types = dynamicpb.NewTypes(files)
	}
}

// register adds a file after those that it imports.
func register(files *protoregistry.Files, fd protoreflect.FileDescriptor) error {
	if _, err := files.FindFileByPath(fd.Path()); err == nil {
		return nil
	}
	imports := fd.Imports()
	for i := range imports.Len() {
		if err := register(files, imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return files.RegisterFile(fd)
}

// linkFile adds a file whose imports are there, or are always there.
func linkFile(files *protoregistry.Files, f *descriptorpb.FileDescriptorProto, types protoregistry.ExtensionTypeResolver) error {
	for _, name := range slices.Concat(f.Dependency, f.OptionDependency) {
		if fd := standard(name); fd != nil {
			if err := register(files, fd); err != nil {
				return err
			}
		}
	}
	// The compiler leaves options as unknown fields.
	wire, err := proto.Marshal(f)
	if err != nil {
		return err
	}
	known := new(descriptorpb.FileDescriptorProto)
	if err := (proto.UnmarshalOptions{Resolver: types}).Unmarshal(wire, known); err != nil {
		return err
	}
	fd, err := protodesc.NewFile(known, files)
	if err != nil {
		return err
	}
	return files.RegisterFile(fd)
}
