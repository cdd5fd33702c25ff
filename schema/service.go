// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// A Service describes a service to [Files].
type Service struct {
	Name    string // full name, "shop.Cart"
	Methods []Method
}

// A Method describes a method of a [Service].
type Method struct {
	Name           string
	Request, Reply *Type
	ManyRequests   bool
	ManyReplies    bool
	Idempotency    descriptorpb.MethodOptions_IdempotencyLevel
}

// Files derives the descriptors of services: a file with the messages of each
// Go package and a file for each service, in an order in which each file comes
// after those that it imports. Files that are not derived, of generated
// messages, times and durations, are only referred to; they are the imports of
// the files returned.
//
// Descriptors of one call fit together: each Go type is one message. Messages
// of different calls or of [Type.Descriptor] may have the same names.
func Files(services ...Service) ([]protoreflect.FileDescriptor, error) {
	return FilesBeside(nil, services...)
}

// FilesBeside is Files for services that are described together with files
// that there are: their paths and names are not used again.
func FilesBeside(present []protoreflect.FileDescriptor, services ...Service) ([]protoreflect.FileDescriptor, error) {
	d := newDrawing(services)
	for _, file := range present {
		if err := d.addImport(file); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
	}
	known := make(map[string]bool)
	for _, s := range services {
		if known[s.Name] {
			return nil, fmt.Errorf("schema: two services are called %q", s.Name)
		}
		known[s.Name] = true
		for _, m := range s.Methods {
			for _, t := range []*Type{m.Request, m.Reply} {
				if err := d.addType(t); err != nil {
					return nil, fmt.Errorf("schema: %s/%s: %w", s.Name, m.Name, err)
				}
			}
		}
	}
	if err := d.draw(); err != nil {
		return nil, fmt.Errorf("schema: describing services: %w", err)
	}
	return d.files, nil
}

func (d *drawing) addType(t *Type) error {
	switch {
	case t == nil:
		return errors.New("the type of the request or of the reply is not known")
	case t.message == nil:
		return d.addImport(t.descriptor.ParentFile())
	default:
		return d.addMessage(t.message, nil, "")
	}
}

// typeName returns the full name of a method's message.
func (d *drawing) typeName(t *Type) string {
	if t.message == nil {
		return string(t.descriptor.FullName())
	}
	return d.messageOf(t.message).fullName()
}

// serviceFile draws up the file of one service.
func (d *drawing) serviceFile(s Service) *descriptorpb.FileDescriptorProto {
	full := protoreflect.FullName(s.Name)
	drawn := &descriptorpb.ServiceDescriptorProto{Name: proto.String(string(full.Name()))}
	file := &descriptorpb.FileDescriptorProto{
		Name:    proto.String(strings.ReplaceAll(s.Name, ".", "/") + "_service.proto"),
		Package: proto.String(string(full.Parent())),
		Service: []*descriptorpb.ServiceDescriptorProto{drawn},
	}
	for _, m := range s.Methods {
		request, reply := d.typeName(m.Request), d.typeName(m.Reply)
		method := &descriptorpb.MethodDescriptorProto{
			Name:       proto.String(m.Name),
			InputType:  proto.String("." + request),
			OutputType: proto.String("." + reply),
		}
		if m.ManyRequests {
			method.ClientStreaming = proto.Bool(true)
		}
		if m.ManyReplies {
			method.ServerStreaming = proto.Bool(true)
		}
		if m.Idempotency != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
			method.Options = &descriptorpb.MethodOptions{IdempotencyLevel: m.Idempotency.Enum()}
		}
		drawn.Method = append(drawn.Method, method)
		file.Dependency = append(file.Dependency, d.pathOf(request), d.pathOf(reply))
	}
	return file
}
