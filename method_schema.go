// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"fmt"
	"reflect"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/schema"
)

// Schema is what a method's messages are as protobuf.
type Schema struct {
	// Request and Reply are the messages' descriptors, derived for plain Go
	// types; nil for a type that is not known.
	Request, Reply protoreflect.MessageDescriptor
	// RequestHash and ReplyHash are their [schema.Hash]; 0 for a nil descriptor.
	RequestHash, ReplyHash uint64
}

// Schema returns the protobuf schema of m's messages, worked out at the first
// call. The error says which type cannot be expressed, and why.
func (m *Method) Schema() (*Schema, error) { return m.schema() }

// schemaOf returns a function that works out a schema once.
func schemaOf(request, reply reflect.Type) func() (*Schema, error) {
	return sync.OnceValues(func() (*Schema, error) {
		var compiler schema.Compiler
		s := new(Schema)
		var err error
		if s.Request, err = descriptorOf(&compiler, request); err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		if s.Reply, err = descriptorOf(&compiler, reply); err != nil {
			return nil, fmt.Errorf("reply: %w", err)
		}
		if s.Request != nil {
			s.RequestHash = schema.Hash(s.Request)
		}
		if s.Reply != nil {
			s.ReplyHash = schema.Hash(s.Reply)
		}
		return s, nil
	})
}

func descriptorOf(c *schema.Compiler, t reflect.Type) (protoreflect.MessageDescriptor, error) {
	if t == nil {
		return nil, nil
	}
	compiled, err := c.Compile(t)
	if err != nil {
		return nil, err
	}
	return compiled.Descriptor(), nil
}
