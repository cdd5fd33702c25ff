// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// declared returns the file that declares s: one of the given ones, of those
// with its messages, or any other whose generated code is linked. It is nil if
// there is none, or if s is not what it declares.
func declared(s *curlew.Service, given []protoreflect.FileDescriptor) protoreflect.FileDescriptor {
	files := append(given[:len(given):len(given)], messageFiles(s)...)
	if d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(s.Name())); err == nil {
		files = append(files, d.ParentFile())
	}
	for _, file := range files {
		for i := range file.Services().Len() {
			if d := file.Services().Get(i); d.FullName() == protoreflect.FullName(s.Name()) && fits(s, d) {
				return file
			}
		}
	}
	return nil
}

// messageFiles returns the files of the messages of s.
func messageFiles(s *curlew.Service) []protoreflect.FileDescriptor {
	var files []protoreflect.FileDescriptor
	for _, m := range s.Methods() {
		messages, err := m.Schema()
		if err != nil {
			continue
		}
		for _, d := range []protoreflect.MessageDescriptor{messages.Request, messages.Reply} {
			if d != nil {
				files = append(files, d.ParentFile())
			}
		}
	}
	return files
}

// fits reports whether each method of s is one that d declares. d may declare
// more.
func fits(s *curlew.Service, d protoreflect.ServiceDescriptor) bool {
	for _, m := range s.Methods() {
		method := d.Methods().ByName(protoreflect.Name(m.Name()))
		if method == nil || method.IsStreamingClient() != m.Kind().ManyRequests() || method.IsStreamingServer() != m.Kind().ManyReplies() {
			return false
		}
		messages, err := m.Schema()
		if err != nil || !same(messages.Request, method.Input()) || !same(messages.Reply, method.Output()) {
			return false
		}
	}
	return true
}

// same reports whether a method's message, nil if it is not known, may be the
// declared one: it has its name, or is a Go type with its fields.
func same(mine, declared protoreflect.MessageDescriptor) bool {
	return mine == nil || mine.FullName() == declared.FullName() || schema.Compatible(mine, declared) == nil
}

// describe returns s for package schema to derive its descriptor from.
func describe(c *schema.Compiler, s *curlew.Service) (schema.Service, error) {
	described := schema.Service{Name: s.Name()}
	for _, m := range s.Methods() {
		method := schema.Method{
			Name:         m.Name(),
			ManyRequests: m.Kind().ManyRequests(),
			ManyReplies:  m.Kind().ManyReplies(),
			Idempotency:  descriptorpb.MethodOptions_IdempotencyLevel(m.Idempotency()), // of the same numbers
		}
		var err error
		if method.Request, err = compile(c, m.RequestType()); err != nil {
			return described, fmt.Errorf("the request of %s: %w", m.Name(), err)
		}
		if method.Reply, err = compile(c, m.ReplyType()); err != nil {
			return described, fmt.Errorf("the reply of %s: %w", m.Name(), err)
		}
		described.Methods = append(described.Methods, method)
	}
	return described, nil
}

func compile(c *schema.Compiler, t reflect.Type) (*schema.Type, error) {
	if t == nil {
		return nil, fmt.Errorf("its type is not known")
	}
	return c.Compile(t)
}
