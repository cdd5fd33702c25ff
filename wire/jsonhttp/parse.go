// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/schema"
)

// A textForm says how the messages of a type are written as one text.
type textForm int

const (
	noText      textForm = iota // not at all
	jsonString                  // what their JSON has between the quotation marks
	wrappedText                 // as their field "value"
)

// textOf returns the form of a message type.
func textOf(m protoreflect.MessageDescriptor) textForm {
	switch m.FullName() {
	case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask":
		return jsonString
	case "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int64Value", "google.protobuf.UInt64Value",
		"google.protobuf.Int32Value", "google.protobuf.UInt32Value", "google.protobuf.BoolValue", "google.protobuf.StringValue",
		"google.protobuf.BytesValue":
		return wrappedText
	}
	return noText
}

// parse returns the value that a text says for a field, or one element of it.
// fresh makes an empty one. An error says what is expected.
func parse(f protoreflect.FieldDescriptor, fresh func() protoreflect.Value, text string) (protoreflect.Value, error) {
	switch kind := f.Kind(); kind {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		v := fresh()
		return v, parseMessage(v.Message(), text)
	case protoreflect.EnumKind:
		return parseEnum(f.Enum(), text)
	case protoreflect.StringKind:
		if !utf8.ValidString(text) {
			return protoreflect.Value{}, expected(text, "UTF-8")
		}
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BytesKind:
		b, err := parseBase64(text)
		return protoreflect.ValueOfBytes(b), err
	case protoreflect.BoolKind:
		if text != "true" && text != "false" {
			return protoreflect.Value{}, expected(text, "true or false")
		}
		return protoreflect.ValueOfBool(text == "true"), nil
	default:
		return parseNumber(kind, text)
	}
}

func parseNumber(kind protoreflect.Kind, text string) (protoreflect.Value, error) {
	switch kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return protoreflect.Value{}, expected(text, "an integer of 32 bits")
		}
		return protoreflect.ValueOfInt32(int32(n)), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return protoreflect.Value{}, expected(text, "an integer of 32 bits without a sign")
		}
		return protoreflect.ValueOfUint32(uint32(n)), nil
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return protoreflect.Value{}, expected(text, "an integer of 64 bits without a sign")
		}
		return protoreflect.ValueOfUint64(n), nil
	case protoreflect.FloatKind:
		x, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return protoreflect.Value{}, expected(text, "a number of 32 bits")
		}
		return protoreflect.ValueOfFloat32(float32(x)), nil
	case protoreflect.DoubleKind:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return protoreflect.Value{}, expected(text, "a number")
		}
		return protoreflect.ValueOfFloat64(x), nil
	default: // Int64Kind, Sint64Kind, Sfixed64Kind
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return protoreflect.Value{}, expected(text, "an integer of 64 bits")
		}
		return protoreflect.ValueOfInt64(n), nil
	}
}

// parseEnum takes a value's name or number. An open enum takes any number.
func parseEnum(enum protoreflect.EnumDescriptor, text string) (protoreflect.Value, error) {
	values := enum.Values()
	if v := values.ByName(protoreflect.Name(text)); v != nil {
		return protoreflect.ValueOfEnum(v.Number()), nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if number := protoreflect.EnumNumber(n); err == nil && (!enum.IsClosed() || values.ByNumber(number) != nil) {
		return protoreflect.ValueOfEnum(number), nil
	}
	const most = 20
	var names []string
	for i := range min(values.Len(), most) {
		names = append(names, string(values.Get(i).Name()))
	}
	if values.Len() > most {
		names = append(names, "…")
	}
	return protoreflect.Value{}, expected(text, "the name or number of one of "+strings.Join(names, ", "))
}

// parseBase64 takes the standard or the URL alphabet, padded or not.
func parseBase64(text string) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	b, err := encoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, expected(text, "base64")
	}
	return b, nil
}

func parseMessage(m protoreflect.Message, text string) error {
	switch d := m.Descriptor(); textOf(d) {
	case wrappedText:
		return target{message: m, field: d.Fields().ByName("value")}.store(text)
	case jsonString:
		quoted, err := json.Marshal(text)
		if err == nil {
			err = schema.DecodeMessageJSON(quoted, m.Interface(), schema.JSONOptions{})
		}
		if err != nil {
			return expected(text, "a "+string(d.Name())+" as JSON has it: "+examples(d))
		}
		return nil
	default:
		return fmt.Errorf("it is a message, %s, which is given field by field: %s", d.FullName(), fieldNames(d))
	}
}

// examples shows a text of a message type.
func examples(d protoreflect.MessageDescriptor) string {
	switch d.Name() {
	case "Timestamp":
		return "2006-01-02T15:04:05Z"
	case "Duration":
		return "1.5s"
	default:
		return "author,pages.count"
	}
}

// expected is the error for a text that is something else than expected.
func expected(text, what string) error {
	const most = 40
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Errorf("%q is not %s", text, what)
}
