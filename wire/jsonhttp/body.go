// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/schema"
)

// decodeBody decodes a body into the request or the field of it that it is.
func (r *route) decodeBody(b []byte, contentType string, m proto.Message, codec curlew.Codec) error {
	p := m.ProtoReflect()
	if r.body != wholeBody {
		f, err := field(p.Descriptor(), r.body)
		if err != nil {
			return err
		}
		if !isMessage(f) {
			return decodeField(b, m, f, codec)
		}
		p = p.Mutable(f).Message()
	}
	if isRaw(p.Descriptor()) {
		p.Set(rawField(p, "content_type"), protoreflect.ValueOfString(contentType))
		p.Set(rawField(p, "data"), protoreflect.ValueOfBytes(bytes.Clone(b)))
		return nil
	}
	return codec.Decode(b, p.Interface())
}

// decodeField decodes the JSON of one field.
func decodeField(b []byte, m proto.Message, f protoreflect.FieldDescriptor, codec curlew.Codec) error {
	var value json.RawMessage
	if err := json.Unmarshal(b, &value); err != nil {
		if bad := new(json.SyntaxError); errors.As(err, &bad) {
			err = fmt.Errorf("byte %d: %w", bad.Offset, err)
		}
		return err
	}
	object, err := json.Marshal(map[string]json.RawMessage{f.JSONName(): value})
	if err != nil {
		return err
	}
	return codec.Decode(object, m)
}

// appendReply appends a reply, or the field of it that is asked for, as JSON.
func (r *route) appendReply(b []byte, reply any, codec curlew.Codec) ([]byte, error) {
	m, f, err := r.selected(reply)
	switch {
	case err != nil:
		return b, err
	case f != nil:
		return appendField(b, m, f, codec)
	}
	return codec.Append(b, m)
}

// appendBody appends the body of a unary reply and returns its content type.
func (r *route) appendBody(b []byte, reply any, codec curlew.Codec) (contentType string, _ []byte, _ error) {
	m, f, err := r.selected(reply)
	if err != nil || f != nil || !isRaw(m.ProtoReflect().Descriptor()) {
		b, err = r.appendReply(b, reply, codec)
		return jsonType, b, err
	}
	p := m.ProtoReflect()
	contentType = cmp.Or(p.Get(rawField(p, "content_type")).String(), "application/octet-stream")
	if h := curlew.NewHeader("content-type", contentType); h.Validate() != nil {
		return "", b, fmt.Errorf("its content_type %q cannot be a field of HTTP", contentType)
	}
	return contentType, append(b, p.Get(rawField(p, "data")).Bytes()...), nil
}

// selected returns what of a reply is asked for: a message, or a field of one.
func (r *route) selected(reply any) (proto.Message, protoreflect.FieldDescriptor, error) {
	m, ok := schema.Message(reply)
	if !ok {
		return nil, nil, fmt.Errorf("it is of type %T, not a protobuf message as its .proto file says", reply)
	}
	if r.responseBody == "" {
		return m, nil, nil
	}
	p := m.ProtoReflect()
	f, err := field(p.Descriptor(), r.responseBody)
	if err != nil || !isMessage(f) {
		return m, f, err
	}
	if !p.Has(f) {
		return p.NewField(f).Message().Interface(), nil, nil
	}
	return p.Get(f).Message().Interface(), nil, nil
}

// appendField appends the JSON of one field, which stands alone in a message of
// its own while it is encoded.
func appendField(b []byte, m proto.Message, f protoreflect.FieldDescriptor, codec curlew.Codec) ([]byte, error) {
	p := m.ProtoReflect()
	if !p.Has(f) {
		return append(b, absent(f)...), nil
	}
	alone := p.New()
	alone.Set(f, p.Get(f))
	text, err := codec.Append(nil, alone.Interface())
	if err != nil {
		return b, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return b, err
	}
	return append(b, object[f.JSONName()]...), nil
}

// absent is the JSON of a field that is not set.
func absent(f protoreflect.FieldDescriptor) string {
	switch kind := f.Kind(); {
	case f.IsMap():
		return "{}"
	case f.IsList():
		return "[]"
	case f.HasPresence():
		return "null"
	case kind == protoreflect.BoolKind:
		return "false"
	case kind == protoreflect.StringKind, kind == protoreflect.BytesKind:
		return `""`
	case kind == protoreflect.EnumKind:
		return strconv.Quote(string(f.Enum().Values().ByNumber(f.Default().Enum()).Name()))
	case kind == protoreflect.Int64Kind, kind == protoreflect.Sint64Kind, kind == protoreflect.Sfixed64Kind,
		kind == protoreflect.Uint64Kind, kind == protoreflect.Fixed64Kind:
		return `"0"`
	default:
		return "0"
	}
}

// isRaw reports whether a message is a google.api.HttpBody, which stands for a
// body of any content type.
func isRaw(d protoreflect.MessageDescriptor) bool {
	contentType, data := d.Fields().ByName("content_type"), d.Fields().ByName("data")
	return d.FullName() == "google.api.HttpBody" && contentType != nil && contentType.Kind() == protoreflect.StringKind &&
		data != nil && data.Kind() == protoreflect.BytesKind
}

func rawField(m protoreflect.Message, name protoreflect.Name) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(name)
}
