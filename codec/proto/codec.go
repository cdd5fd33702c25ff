// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// Codec encodes as protobuf. It is safe for concurrent use.
type Codec struct {
	types  schema.Compiler
	protos sync.Map // of reflect.Type: whether schema.Message takes its values
	// The type that was encoded last, and the one decoded last.
	appended, decoded atomic.Pointer[known]
}

// known is what is known of a type.
type known struct {
	typ   reflect.Type
	proto bool
}

// resetter is what generated messages are.
type resetter interface{ Reset() }

// New returns the codec.
func New() *Codec { return new(Codec) }

// message is schema.Message, which looks into a type only once.
func (c *Codec) message(v any, last *atomic.Pointer[known]) (proto.Message, bool) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, false
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, false
	}
	typ := r.Type()
	if k := last.Load(); k != nil && k.typ == typ {
		return m, k.proto
	}
	k, ok := c.protos.Load(typ)
	if !ok {
		_, isProto := schema.Message(v)
		k, _ = c.protos.LoadOrStore(typ, &known{typ, isProto})
	}
	last.Store(k.(*known))
	return m, k.(*known).proto
}

// Name returns "proto".
func (c *Codec) Name() string { return "proto" }

// Supports reports a message type that protobuf cannot express.
func (c *Codec) Supports(m *curlew.Method) error {
	_, err := m.Schema()
	return err
}

// Size returns how many bytes Append will append, so that there can be room for
// them; 0 if message cannot be encoded.
func (c *Codec) Size(message any) int {
	if m, ok := c.message(message, &c.appended); ok {
		return proto.Size(m)
	}
	t, err := c.types.Compile(reflect.TypeOf(message))
	if err != nil {
		return 0
	}
	n, err := t.Size(message)
	if err != nil {
		return 0
	}
	return n
}

// Append appends message, a pointer or a plain Go value, to b.
func (c *Codec) Append(b []byte, message any) ([]byte, error) {
	if m, ok := c.message(message, &c.appended); ok {
		return proto.MarshalOptions{}.MarshalAppend(b, m)
	}
	t, err := c.types.Compile(reflect.TypeOf(message))
	if err != nil {
		return b, err
	}
	return t.Append(b, message)
}

// Decode sets what message points to to the message in b.
func (c *Codec) Decode(b []byte, message any) error {
	if m, ok := c.message(message, &c.decoded); ok {
		if r, ok := m.(resetter); ok { // as proto.Unmarshal would, at a higher price
			r.Reset()
			return proto.UnmarshalOptions{Merge: true}.Unmarshal(b, m)
		}
		return proto.Unmarshal(b, m)
	}
	t, err := c.types.Compile(reflect.TypeOf(message))
	if err != nil {
		return err
	}
	return t.Decode(b, message)
}
