// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// nameField is the field, in addition to those of FileDescriptorSet, that
// holds the message's name.
const nameField = 2

// MarshalDescriptor returns the descriptor of a message with all that it
// refers to. The form is a google.protobuf.FileDescriptorSet, in which each
// file comes after those it imports, with one field more: number 2, a string,
// is the message's full name.
func MarshalDescriptor(md protoreflect.MessageDescriptor) ([]byte, error) {
	if md == nil {
		return nil, errors.New("schema: no descriptor: the message's type is not known")
	}
	set := &descriptorpb.FileDescriptorSet{}
	collectFiles(md.ParentFile(), make(map[string]bool), set)
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("schema: the descriptor of %s: %w", md.FullName(), err)
	}
	b = protowire.AppendTag(b, nameField, protowire.BytesType)
	return protowire.AppendString(b, string(md.FullName())), nil
}

func collectFiles(file protoreflect.FileDescriptor, seen map[string]bool, set *descriptorpb.FileDescriptorSet) {
	if seen[file.Path()] || file.IsPlaceholder() {
		return
	}
	seen[file.Path()] = true
	for i := range file.Imports().Len() {
		collectFiles(file.Imports().Get(i).FileDescriptor, seen, set)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}

// UnmarshalDescriptor is the inverse of [MarshalDescriptor]. It may be given
// what a stranger sent; the caller bounds its length.
func UnmarshalDescriptor(b []byte) (protoreflect.MessageDescriptor, error) {
	set := &descriptorpb.FileDescriptorSet{}
	if err := (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(b, set); err != nil {
		return nil, fmt.Errorf("schema: not a descriptor: %w", err)
	}
	name, err := descriptorName(set.ProtoReflect().GetUnknown())
	if err != nil {
		return nil, err
	}
	var files protoregistry.Files
	for _, fdp := range set.File {
		file, err := protodesc.FileOptions{AllowUnresolvable: true}.New(fdp, &files)
		if err == nil {
			err = files.RegisterFile(file)
		}
		if err != nil {
			return nil, fmt.Errorf("schema: the descriptor of %s: %w", name, err)
		}
	}
	found, err := files.FindDescriptorByName(name)
	if err != nil {
		return nil, fmt.Errorf("schema: the descriptor of %s: %w", name, err)
	}
	md, ok := found.(protoreflect.MessageDescriptor)
	if !ok {
		return nil, fmt.Errorf("schema: the descriptor of %s is not a message's", name)
	}
	return md, nil
}

// descriptorName finds the name of the message among unknown fields.
func descriptorName(b []byte) (name protoreflect.FullName, err error) {
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return "", wireError(n)
		}
		size := protowire.ConsumeFieldValue(number, wire, b[n:])
		if size < 0 {
			return "", wireError(size)
		}
		if number == nameField && wire == protowire.BytesType {
			text, _ := protowire.ConsumeString(b[n:])
			name = protoreflect.FullName(text)
		}
		b = b[n+size:]
	}
	if !name.IsValid() {
		return "", errors.New("schema: a descriptor without the name of its message")
	}
	return name, nil
}
