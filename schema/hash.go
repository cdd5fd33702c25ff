// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Hash returns a number of 53 bits, never 0, that is the same for descriptors
// of the same content: the numbers, names and types of the fields of the
// message and of all that it refers to. The order of declarations and the
// names of messages and enums make no difference, nor do case and underscores
// in names of fields.
//
// It is the first 53 bits, big-endian, of the SHA-256 of this description, or
// 1 if they are all zero. Integers are protobuf varints, texts have their
// length in bytes before them.
//
//	message: number of fields, then each field in the order of its number
//	field:   number, plain name, type, 1 if repeated else 0, then
//	         for a message or group (types 11, 10): its index
//	         for an enum (type 14): number of values, then of each, in the order
//	         of number and name: number (as of an int32), name
//
// The plain name is the name in lower case without underscores. The type is
// that of google.protobuf.FieldDescriptorProto. Messages are described one
// after the other, first the one that is hashed, which has index 0; the others
// are numbered and described in the order in which fields refer to them first.
func Hash(md protoreflect.MessageDescriptor) uint64 {
	var b []byte
	index := map[protoreflect.FullName]int{md.FullName(): 0}
	queue := []protoreflect.MessageDescriptor{md}
	for at := 0; at < len(queue); at++ {
		fields := fieldsByNumber(queue[at])
		b = protowire.AppendVarint(b, uint64(len(fields)))
		for _, fd := range fields {
			b = protowire.AppendVarint(b, uint64(fd.Number()))
			b = protowire.AppendString(b, plainName(string(fd.Name())))
			b = protowire.AppendVarint(b, uint64(fd.Kind()))
			b = protowire.AppendVarint(b, protowire.EncodeBool(fd.Cardinality() == protoreflect.Repeated))
			if nested := fd.Message(); nested != nil {
				i, known := index[nested.FullName()]
				if !known {
					i = len(queue)
					index[nested.FullName()] = i
					queue = append(queue, nested)
				}
				b = protowire.AppendVarint(b, uint64(i))
			}
			if fd.Enum() != nil {
				b = appendEnum(b, fd.Enum())
			}
		}
	}
	sum := sha256.Sum256(b)
	return max(1, binary.BigEndian.Uint64(sum[:])>>11)
}

// appendEnum appends the description of an enum.
func appendEnum(b []byte, ed protoreflect.EnumDescriptor) []byte {
	values := make([]protoreflect.EnumValueDescriptor, ed.Values().Len())
	for i := range values {
		values[i] = ed.Values().Get(i)
	}
	slices.SortFunc(values, func(a, b protoreflect.EnumValueDescriptor) int {
		return cmp.Or(cmp.Compare(a.Number(), b.Number()), cmp.Compare(a.Name(), b.Name()))
	})
	b = protowire.AppendVarint(b, uint64(len(values)))
	for _, v := range values {
		b = protowire.AppendString(protowire.AppendVarint(b, uint64(v.Number())), string(v.Name()))
	}
	return b
}

func fieldsByNumber(md protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	fields := make([]protoreflect.FieldDescriptor, md.Fields().Len())
	for i := range fields {
		fields[i] = md.Fields().Get(i)
	}
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return cmp.Compare(a.Number(), b.Number()) })
	return fields
}
