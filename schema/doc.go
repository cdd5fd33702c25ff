// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package schema turns Go types into protobuf messages. It derives their
// descriptors, encodes and decodes their values as protobuf and as ProtoJSON,
// writes .proto files, and compares descriptors. It knows nothing of RPC.
//
// A [Compiler] makes a [Type] of a Go type, once; the Type then encodes without
// reflection, except for maps and for allocating memory.
//
// # Types
//
//	bool, string, []byte              the same; strings must be valid UTF-8
//	int, int64; int8, int16, int32    int64; int32
//	uint, uint64; uint8 to uint32     uint64; uint32
//	float32, float64                  float, double
//	[N]byte                           bytes, N of them
//	integer with EnumValues           enum, see Enumerator
//	enum generated from a .proto      that enum, if it is open
//	struct, *struct                   message; nil is absent
//	generated message, by pointer     that message
//	time.Time, time.Duration          google.protobuf.Timestamp and Duration
//	*T of all above                   optional; nil is absent
//	[]T, [N]T                         repeated; elements are none of []T, map, *scalar
//	map[K]T                           map; K is a string, bool or integer
//
// Named types are what their underlying type is. Interfaces, channels,
// functions, complex numbers, addresses, slices of slices, and structs whose
// fields are all unexported are refused; the error says where.
//
// Anything but a struct is sent as message{value=1} when it is a message of
// its own: int, []Order, map[string]int, and time.Time too.
//
// # Fields
//
// Exported fields are sent. The tag `curlew:"3"` numbers a field; one without
// gets the number after that of the field before it, 1 if it is the first. Two
// fields with one number are refused. `curlew:"-"` leaves a field out, so does
// `json:"-"`. Who wants to remove or reorder fields later numbers them.
//
// A field's name is that of its json tag or else its Go name, unchanged, in
// JSON as in the descriptor, where characters that protobuf does not allow
// become underscores. Other options of json tags, such as omitempty, mean
// nothing here.
//
// Embedded structs are flattened as encoding/json does it: their fields are
// numbered where the embedded struct stands, a less nested field hides others
// of its name. What encoding/json drops because it is ambiguous is refused. An
// embedded struct with a number or a name in its tags is a field like others.
//
// # Values
//
// Zero is not sent: what is absent decodes to it. An element of a list or map
// is always sent, a nil pointer there as the empty message. Slices and maps
// without elements decode to nil, an embedded pointer to a struct of zeros
// becomes nil; times are in UTC. Fixed arrays take exactly their length or nothing. Decoding
// first sets the value to zero and then follows protobuf: unknown fields are
// skipped, of several scalars the last wins, messages are merged.
//
// Messages may be nested 100 deep, encoding and decoding, JSON too. Decoding
// allocates no more than the input has elements, each as large as its Go type.
//
// # Descriptors
//
// The protobuf package is the name of the Go package, so shop.Order is
// shop.Order. shop.Page[shop.Order] is shop.Page_Order; struct types without a
// name are called after their field. Among types that would have one name, all
// but the first in the order of import paths get a number. If Go packages refer
// to one another in a circle, which generic types make possible, all types go
// to the first one's package. An enum is wrapped, shop.Color.Enum, to keep the
// names of its values apart from those of others.
//
// Descriptors live on registries of their own, never on protobuf-go's.
package schema
