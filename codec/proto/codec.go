// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"errors"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// Codec encodes as protobuf. It is safe for concurrent use.
type Codec struct {
	types schema.Compiler
}

// New returns the codec.
func New() *Codec { return new(Codec) }

// Name returns "proto".
func (c *Codec) Name() string { return "proto" }

// Supports reports a message type that protobuf cannot express.
func (c *Codec) Supports(m *curlew.Method) error {
	_, err := m.Schema()
	return err
}

// Append appends message's encoding to b.
func (c *Codec) Append(b []byte, message any) ([]byte, error) {
	if m, ok := message.(proto.Message); ok {
		if !m.ProtoReflect().IsValid() {
			return b, errNil
		}
		return proto.MarshalOptions{}.MarshalAppend(b, m)
	}
	t, err := c.typeOf(message)
	if err != nil {
		return b, err
	}
	return t.Append(b, message)
}

// Decode decodes b into message.
func (c *Codec) Decode(b []byte, message any) error {
	if m, ok := message.(proto.Message); ok {
		if !m.ProtoReflect().IsValid() {
			return errNil
		}
		return proto.Unmarshal(b, m)
	}
	t, err := c.typeOf(message)
	if err != nil {
		return err
	}
	return t.Decode(b, message)
}

var errNil = errors.New("the message is nil")

// typeOf returns the plan of the type that message points to.
func (c *Codec) typeOf(message any) (*schema.Type, error) {
	v := reflect.ValueOf(message)
	switch {
	case v.Kind() != reflect.Pointer:
		return nil, fmt.Errorf("a message is passed by pointer, not as %T", message)
	case v.IsNil():
		return nil, errNil
	}
	return c.types.Compile(v.Type().Elem())
}
