// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
)

// kindOf returns the kind of a stream's method.
func kindOf(d *grpc.StreamDesc) curlew.Kind {
	switch {
	case d.ClientStreams && d.ServerStreams:
		return curlew.KindBidi
	case d.ClientStreams:
		return curlew.KindClientStream
	case d.ServerStreams:
		return curlew.KindServerStream
	default:
		return curlew.KindUnary
	}
}

// known returns what the process's protobuf registry tells of a method: the Go
// types of its messages, so that other codecs, schemas and reflection work for
// it, and whether it may be called twice. It is nothing for a service that is
// not generated from a .proto file.
func known(service, method string) []curlew.MethodOption {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil
	}
	s, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	m := s.Methods().ByName(protoreflect.Name(method))
	if m == nil {
		return nil
	}
	opts := []curlew.MethodOption{curlew.MessageTypes(goType(m.Input()), goType(m.Output()))}
	if o, ok := m.Options().(*descriptorpb.MethodOptions); ok {
		switch o.GetIdempotencyLevel() {
		case descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
			opts = append(opts, curlew.NoSideEffects)
		case descriptorpb.MethodOptions_IDEMPOTENT:
			opts = append(opts, curlew.Idempotent)
		}
	}
	return opts
}

// goType returns the generated struct of a message, nil if there is none.
func goType(d protoreflect.MessageDescriptor) reflect.Type {
	m, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil
	}
	t := reflect.TypeOf(m.Zero().Interface())
	if t == reflect.TypeFor[*dynamicpb.Message]() {
		return nil
	}
	return t.Elem()
}

// methods keeps the methods that were called, since protocols remember a method
// by its pointer. It is safe for concurrent use.
type methods struct {
	known sync.Map // of methodKey: *curlew.Method
	count atomic.Int64
}

type methodKey struct {
	name string
	kind curlew.Kind
}

// maxMethods bounds what is kept. Only a caller that makes up names gets there.
const maxMethods = 4096

func (c *methods) method(name string, kind curlew.Kind) *curlew.Method {
	key := methodKey{name, kind}
	if m, ok := c.known.Load(key); ok {
		return m.(*curlew.Method)
	}
	service, method := curlew.SplitName(name)
	m := curlew.NewMethod(name, kind, known(service, method)...)
	if c.count.Add(1) > maxMethods {
		return m
	}
	kept, _ := c.known.LoadOrStore(key, m)
	return kept.(*curlew.Method)
}
