// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The full names of the messages that stand for times and durations.
const (
	timestampName = "google.protobuf.Timestamp"
	durationName  = "google.protobuf.Duration"
)

// messageFile draws up the file of the declarations of one package.
func (d *drawing) messageFile(home string) *descriptorpb.FileDescriptorProto {
	file := &descriptorpb.FileDescriptorProto{Name: proto.String(home + ".proto"), Package: proto.String(home)}
	for _, decl := range d.declarations {
		switch {
		case decl.home != home:
		case decl.enum != nil:
			file.MessageType = append(file.MessageType, &descriptorpb.DescriptorProto{
				Name:     proto.String(decl.name),
				EnumType: []*descriptorpb.EnumDescriptorProto{drawEnum(decl.enum)},
			})
		default:
			file.MessageType = append(file.MessageType, d.drawMessage(decl, file))
		}
	}
	return file
}

func drawEnum(e *enum) *descriptorpb.EnumDescriptorProto {
	drawn := &descriptorpb.EnumDescriptorProto{Name: proto.String(enumName)}
	for _, number := range e.sorted() {
		drawn.Value = append(drawn.Value, &descriptorpb.EnumValueDescriptorProto{
			Name:   proto.String(e.names[number]),
			Number: proto.Int32(number),
		})
	}
	return drawn
}

func (d *drawing) drawMessage(decl *declaration, file *descriptorpb.FileDescriptorProto) *descriptorpb.DescriptorProto {
	drawn := &descriptorpb.DescriptorProto{Name: proto.String(decl.name)}
	names := make(map[string]bool)
	for i := range decl.message.fields {
		names[decl.message.fields[i].name] = true
	}
	for i := range decl.message.fields {
		f := &decl.message.fields[i]
		fd := d.drawValue(&f.value, file)
		fd.Name, fd.JsonName, fd.Number = proto.String(f.name), proto.String(f.jsonName), proto.Int32(int32(f.number))
		switch {
		case f.shape == list || f.shape == array:
			fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		case f.shape == mapping:
			entry := d.drawEntry(f, file)
			drawn.NestedType = append(drawn.NestedType, entry)
			fd.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
			fd.Type = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
			fd.TypeName = proto.String("." + decl.fullName() + "." + *entry.Name)
		case f.shape == optional && !f.value.isMessage():
			oneof := "_" + f.name
			for names[oneof] {
				oneof = "_" + oneof
			}
			fd.Proto3Optional = proto.Bool(true)
			fd.OneofIndex = proto.Int32(int32(len(drawn.OneofDecl)))
			drawn.OneofDecl = append(drawn.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String(oneof)})
		}
		drawn.Field = append(drawn.Field, fd)
	}
	return drawn
}

// drawEntry draws the message of a map's entries.
func (d *drawing) drawEntry(f *field, file *descriptorpb.FileDescriptorProto) *descriptorpb.DescriptorProto {
	key, value := d.drawValue(&f.key, file), d.drawValue(&f.value, file)
	key.Name, key.JsonName, key.Number = proto.String("key"), proto.String("key"), proto.Int32(1)
	value.Name, value.JsonName, value.Number = proto.String("value"), proto.String("value"), proto.Int32(2)
	return &descriptorpb.DescriptorProto{
		Name:    proto.String(mapEntryName(f.name)),
		Field:   []*descriptorpb.FieldDescriptorProto{key, value},
		Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
	}
}

// drawValue draws a field's type and makes the file import what it needs.
func (d *drawing) drawValue(v *value, file *descriptorpb.FileDescriptorProto) *descriptorpb.FieldDescriptorProto {
	fd := &descriptorpb.FieldDescriptorProto{
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type:  descriptorpb.FieldDescriptorProto_Type(v.proto).Enum(),
	}
	name := ""
	switch v.kind {
	case kindMessage:
		name = d.messageOf(v.message).fullName()
	case kindTime:
		name = timestampName
	case kindDuration:
		name = durationName
	case kindProto:
		name = string(protoAt(newValue(v.typ), v.typ).ProtoReflect().Descriptor().FullName())
	case kindEnum:
		if v.enum.descriptor != nil {
			name = string(v.enum.descriptor.FullName())
		} else {
			name = d.enumOf(v.enum).fullName()
		}
	default:
		return fd
	}
	fd.TypeName = proto.String("." + name)
	if path := d.pathOf(name); path != "" { // else it is declared in this file
		file.Dependency = append(file.Dependency, path)
	}
	return fd
}
