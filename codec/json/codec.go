// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package json

import (
	"reflect"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// Codec encodes as JSON. It is safe for concurrent use.
type Codec struct {
	types   schema.Compiler
	options schema.JSONOptions
}

// An Option changes how the codec reads.
type Option func(*Codec)

// RefuseUnknown makes keys that a message does not have errors; by default
// they are skipped, as unknown fields are in protobuf.
func RefuseUnknown() Option {
	return func(c *Codec) { c.options.RefuseUnknown = true }
}

// New returns the codec.
func New(opts ...Option) *Codec {
	c := new(Codec)
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// Name returns "json".
func (c *Codec) Name() string { return "json" }

// Supports reports a message type that protobuf, and so ProtoJSON, cannot
// express.
func (c *Codec) Supports(m *curlew.Method) error {
	_, err := m.Schema()
	return err
}

// Append appends message, a pointer or a plain Go value, to b. The same message
// always yields the same bytes.
func (c *Codec) Append(b []byte, message any) ([]byte, error) {
	if m, ok := schema.Message(message); ok {
		return schema.AppendMessageJSON(b, m)
	}
	t, err := c.types.Compile(reflect.TypeOf(message))
	if err != nil {
		return b, err
	}
	return t.AppendJSON(b, message)
}

// Decode sets what message points to to the JSON in b.
func (c *Codec) Decode(b []byte, message any) error {
	if m, ok := schema.Message(message); ok {
		return schema.DecodeMessageJSON(b, m, c.options)
	}
	t, err := c.types.Compile(reflect.TypeOf(message))
	if err != nil {
		return err
	}
	return t.DecodeJSON(b, message, c.options)
}
