// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
)

// messages turns JSON into the requests of a method, and replies into JSON.
type messages interface {
	request(b []byte) (any, error)
	newReply() any
	json(reply any) ([]byte, error)
	// detail returns a detail of an error; nil for one whose type is not known.
	detail(d curlew.Detail) ([]byte, error)
}

// described are messages that descriptors describe.
type described struct {
	caller curlew.Caller
	method protoreflect.MethodDescriptor
	types  *dynamicpb.Types
	write  protojson.MarshalOptions
}

func newDescribed(caller curlew.Caller, src *source.Source, m protoreflect.MethodDescriptor, emitDefaults bool) *described {
	types := src.Types()
	return &described{caller, m, types, protojson.MarshalOptions{Resolver: types, EmitDefaultValues: emitDefaults}}
}

func (d *described) request(b []byte) (any, error) {
	return source.ReadJSON(d.types, d.method.Input(), b)
}

func (d *described) newReply() any { return dynamicpb.NewMessage(d.method.Output()) }

func (d *described) json(reply any) ([]byte, error) {
	return d.write.Marshal(reply.(proto.Message))
}

// detailTimeout bounds how long the server may take to describe a detail.
const detailTimeout = 2 * time.Second

func (d *described) detail(detail curlew.Detail) ([]byte, error) {
	name := protoreflect.FullName(detail.TypeURL[strings.LastIndexByte(detail.TypeURL, '/')+1:])
	write := d.write
	t, err := d.types.FindMessageByName(name)
	if err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), detailTimeout)
		defer cancel()
		src, err := source.Reflect(ctx, d.caller, string(name))
		if err != nil {
			return nil, nil // its bytes are shown
		}
		write.Resolver = src.Types()
		if t, err = src.Types().FindMessageByName(name); err != nil {
			return nil, nil
		}
	}
	m := t.New().Interface()
	if err := proto.Unmarshal(detail.Value, m); err != nil {
		return nil, err
	}
	return write.Marshal(m)
}

// encoded are described messages whose JSON goes over the wire, made here: the
// codec for JSON does not know the types that are in a google.protobuf.Any.
type encoded struct{ *described }

func (e encoded) request(b []byte) (any, error) {
	m, err := e.described.request(b)
	if err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{Resolver: e.types}.Marshal(m.(proto.Message))
	return &text, err
}

func (encoded) newReply() any { return new([]byte) }

func (e encoded) json(reply any) ([]byte, error) {
	m := dynamicpb.NewMessage(e.method.Output())
	read := protojson.UnmarshalOptions{Resolver: e.types, DiscardUnknown: true}
	if err := read.Unmarshal(*reply.(*[]byte), m); err != nil {
		return nil, fmt.Errorf("it is no %s in JSON: %w", e.method.Output().FullName(), err)
	}
	return e.described.json(m)
}

// bare are messages that are JSON of any kind.
type bare struct{}

func (bare) request(b []byte) (any, error) {
	if !json.Valid(b) {
		return nil, errors.New("this is not JSON")
	}
	m := json.RawMessage(b)
	return &m, nil
}

func (bare) newReply() any                  { return new(json.RawMessage) }
func (bare) json(reply any) ([]byte, error) { return *reply.(*json.RawMessage), nil }

func (bare) detail(d curlew.Detail) ([]byte, error) {
	if json.Valid(d.Value) {
		return d.Value, nil
	}
	return nil, nil
}
