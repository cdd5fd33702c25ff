// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// marshal encodes a message: by ProtoJSON if it is a protobuf message, else by
// encoding/json.
func marshal(message any) ([]byte, error) {
	v := reflect.ValueOf(message)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("a nil %T", message)
	}
	if m, ok := message.(proto.Message); ok {
		return protojson.Marshal(m)
	}
	return json.Marshal(message)
}

// unmarshal decodes b, which is JSON, into message. What it does not know it
// ignores.
func unmarshal(b []byte, message any) error {
	v := reflect.ValueOf(message)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("cannot be decoded into a %T, which is no pointer to a message", message)
	}
	if m, ok := message.(proto.Message); ok {
		return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, m)
	}
	return json.Unmarshal(b, message)
}

// present replaces the null that encoding/json writes for a nil slice or map:
// in an answer of JSON-RPC 1.0, null says that the call has failed.
func present(result []byte, message any) []byte {
	if !bytes.Equal(result, null) {
		return result
	}
	t := reflect.TypeOf(message)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Map:
		return []byte("{}")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return []byte(`""`)
	case t.Kind() == reflect.Slice:
		return []byte("[]")
	}
	return result
}
