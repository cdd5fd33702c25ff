// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decodeParams decodes the parameters of a call into message, which is zero. An
// object is the message itself. A list is the message alone or its fields in
// their order. No parameters, in JSON-RPC 2.0, are a message that is zero.
func decodeParams(v Version, params []byte, message any) error {
	switch {
	case isNull(params) && v == Version1:
		return errors.New("there are no params")
	case params == nil:
		return nil
	case params[0] == '{':
		return unmarshal(params, message)
	case params[0] != '[':
		return fmt.Errorf("params are %s and neither a list nor an object", cut(params))
	}
	var list [][]byte
	for e := range elements(params) {
		list = append(list, e)
	}
	if len(list) == 0 || len(list) == 1 && isNull(list[0]) {
		return nil
	}
	names := positions(message)
	switch {
	case len(list) == 1 && (names == nil || list[0][0] == '{'):
		return unmarshal(list[0], message)
	case names == nil:
		return fmt.Errorf("%d parameters, where one is due", len(list))
	case len(list) > len(names):
		return fmt.Errorf("%d parameters, where at most %d are due: %s", len(list), len(names), strings.Join(names, ", "))
	}
	return unmarshal(object(names, list), message)
}

// object makes an object of the first names and their values.
func object(names []string, values [][]byte) []byte {
	var b bytes.Buffer
	for i, value := range values {
		b.WriteByte("{,"[min(i, 1)])
		name, _ := json.Marshal(names[i]) // a string can be encoded
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// positions returns the JSON names of a message's fields in their order; nil if
// it has none, or is not written as an object.
func positions(message any) []string {
	if m, ok := message.(proto.Message); ok {
		return protoPositions(m.ProtoReflect().Descriptor())
	}
	switch message.(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return nil
	}
	t := reflect.TypeOf(message)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	return structPositions(nil, t.Elem(), 0)
}

// protoPositions leaves out the well-known types, many of which have a JSON form
// of their own.
func protoPositions(d protoreflect.MessageDescriptor) []string {
	if d.ParentFile().Package() == "google.protobuf" {
		return nil
	}
	var names []string
	for i := range d.Fields().Len() {
		names = append(names, d.Fields().Get(i).JSONName())
	}
	return names
}

// maxEmbedding bounds how deep structs are embedded in each other, which ends
// those that embed themselves.
const maxEmbedding = 8

func structPositions(names []string, t reflect.Type, depth int) []string {
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case tag == "-":
		case f.Anonymous && name == "" && embedded.Kind() == reflect.Struct:
			if depth < maxEmbedding {
				names = structPositions(names, embedded, depth+1)
			}
		case !f.IsExported():
		case name != "":
			names = append(names, name)
		default:
			names = append(names, f.Name)
		}
	}
	return names
}
