// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobmessage

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Type is the Go type of a message. It is safe for concurrent use.
type Type struct {
	message *message
	bare    bool // the value of its only field, alone
}

// message is a struct.
type message struct {
	desc   protoreflect.MessageDescriptor
	goType reflect.Type
	fields []field
	cut    bool // no fields: it is too deep
}

// field is a field of a message.
type field struct {
	fd      protoreflect.FieldDescriptor
	names   []string // of the Go fields, which all have the same value
	indices []int
	element element // what a list has many of, and a map by its keys
}

// element is a value that is neither a list nor a map.
type element struct {
	kind    kind
	message *message // of kind structure
	goType  reflect.Type
}

type kind uint8

const (
	scalar    kind = iota // what protoreflect.Value has, or an integer of an enum
	structure             // *struct
	timestamp             // *time.Time
	duration              // time.Duration
)

// Bounds of types.
const (
	maxDepth  = 32    // of messages in one another
	maxFields = 10000 // in all of them, each as often as it can be reached: that is how long a type's name is
	timeName  = "google.protobuf.Timestamp"
	spanName  = "google.protobuf.Duration"
	valueName = "value"
)

// Of returns the type of a message. The error says what gob cannot carry.
func Of(md protoreflect.MessageDescriptor) (*Type, error) {
	b := &builder{known: make(map[place]*message)}
	depth := 1
	for sizes := make(map[place]int); depth < maxDepth && size(md, depth+1, sizes) <= maxFields; {
		depth++
	}
	m, err := b.message(md, depth, string(md.FullName()))
	if err != nil {
		return nil, err
	}
	return &Type{m, isBare(md)}, nil
}

// size is how many fields there are in a message to a depth, and about maxFields
// if there are more.
func size(md protoreflect.MessageDescriptor, depth int, known map[place]int) int {
	here := place{md.FullName(), depth}
	if n, ok := known[here]; ok || depth == 0 {
		return n
	}
	n := 0
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		n++
		if fd.IsMap() {
			fd = fd.MapValue()
		}
		if inner := fd.Message(); inner != nil && n <= maxFields {
			n += len(namesOf(md.Fields().Get(i))) * size(inner, depth-1, known)
		}
	}
	known[here] = min(n, maxFields+1)
	return known[here]
}

// isBare reports whether a message stands for what is no struct in Go.
func isBare(md protoreflect.MessageDescriptor) bool {
	if !plain(md) || md.Fields().Len() != 1 {
		return false
	}
	fd := md.Fields().Get(0)
	if fd.Name() != valueName || fd.Number() != 1 {
		return false
	}
	name := string(md.Name())
	return strings.HasSuffix(name, "Value") || strings.HasSuffix(name, "List") || strings.HasSuffix(name, "Map")
}

// plain reports whether a message stands for a type that was not generated.
func plain(md protoreflect.MessageDescriptor) bool {
	options, _ := md.ParentFile().Options().(*descriptorpb.FileOptions)
	return options.GetGoPackage() == ""
}

// builder makes the types of one message and of all in it.
type builder struct {
	known map[place]*message
}

// place is a message that may have others in it to a certain depth. Its type is
// the same wherever it is.
type place struct {
	name  protoreflect.FullName
	depth int
}

func (b *builder) message(md protoreflect.MessageDescriptor, depth int, path string) (*message, error) {
	here := place{md.FullName(), depth}
	if m := b.known[here]; m != nil {
		return m, nil
	}
	m := &message{desc: md, goType: reflect.TypeFor[struct{}]()}
	if depth == 0 {
		m.cut = true
		return m, nil
	}
	if md.IsPlaceholder() {
		return nil, fmt.Errorf("%s: the descriptor of %s is missing", path, md.FullName())
	}
	for i := range md.Oneofs().Len() {
		if one := md.Oneofs().Get(i); !one.IsSynthetic() {
			return nil, fmt.Errorf("%s: gob cannot carry %s, which has the oneof %s: that is an interface in Go", path, md.FullName(), one.Name())
		}
	}
	for i := range md.Fields().Len() {
		f := field{fd: md.Fields().Get(i)}
		var err error
		if f.element, err = b.element(f.fd, depth-1, path+"."+string(f.fd.Name())); err != nil {
			return nil, err
		}
		m.fields = append(m.fields, f)
	}
	m.name()
	b.known[here] = m
	return m, m.makeStruct()
}

// makeStruct makes the Go type of a message whose fields are known.
func (m *message) makeStruct() error {
	var fields []reflect.StructField
	for i := range m.fields {
		f := &m.fields[i]
		if len(f.names) == 0 {
			return fmt.Errorf("%s: two fields are called %s in Go", m.desc.FullName(), generatedName(string(f.fd.Name())))
		}
		for _, name := range f.names {
			f.indices = append(f.indices, len(fields))
			fields = append(fields, reflect.StructField{Name: name, Type: f.goType()})
		}
	}
	m.goType = reflect.StructOf(fields)
	return nil
}

func (b *builder) element(fd protoreflect.FieldDescriptor, depth int, path string) (element, error) {
	if fd.IsMap() {
		path, fd = path+"[]", fd.MapValue()
	}
	if md := fd.Message(); md != nil {
		if e, ok := timeOf(fd); ok {
			return e, nil
		}
		m, err := b.message(md, depth, path)
		if err != nil {
			return element{}, err
		}
		return element{structure, m, reflect.PointerTo(m.goType)}, nil
	}
	return element{kind: scalar, goType: scalarType(fd.Kind())}, nil
}

// timeOf returns the element of times and durations of plain Go structs.
func timeOf(fd protoreflect.FieldDescriptor) (element, bool) {
	if options, _ := fd.ParentFile().Options().(*descriptorpb.FileOptions); options.GetGoPackage() != "" {
		return element{}, false
	}
	switch fd.Message().FullName() {
	case timeName:
		return element{kind: timestamp, goType: reflect.TypeFor[*time.Time]()}, true
	case spanName:
		return element{kind: duration, goType: reflect.TypeFor[time.Duration]()}, true
	}
	return element{}, false
}

func scalarType(k protoreflect.Kind) reflect.Type {
	switch k {
	case protoreflect.BoolKind:
		return reflect.TypeFor[bool]()
	case protoreflect.StringKind:
		return reflect.TypeFor[string]()
	case protoreflect.BytesKind:
		return reflect.TypeFor[[]byte]()
	case protoreflect.FloatKind:
		return reflect.TypeFor[float32]()
	case protoreflect.DoubleKind:
		return reflect.TypeFor[float64]()
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return reflect.TypeFor[uint32]()
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return reflect.TypeFor[uint64]()
	case protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return reflect.TypeFor[int32]()
	default:
		return reflect.TypeFor[int64]()
	}
}

func (f *field) goType() reflect.Type {
	switch {
	case f.fd.IsMap():
		return reflect.MapOf(scalarType(f.fd.MapKey().Kind()), f.element.goType)
	case f.fd.IsList():
		return reflect.SliceOf(f.element.goType)
	default:
		return f.element.goType
	}
}
