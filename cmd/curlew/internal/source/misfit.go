// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// ReadJSON returns the message of which b is the JSON. The error for JSON that
// does not fit has the path to what is wrong, and what is expected there. The
// types are those that a google.protobuf.Any may have.
func ReadJSON(types *dynamicpb.Types, md protoreflect.MessageDescriptor, b []byte) (*dynamicpb.Message, error) {
	m := dynamicpb.NewMessage(md)
	if err := (protojson.UnmarshalOptions{Resolver: types}).Unmarshal(b, m); err != nil {
		return nil, misfit(md, b, err)
	}
	return m, nil
}

// misfit says where JSON does not fit a message, by its path, and what is
// expected there: "items[2].quantity: expected an int32, got the string "a"". It
// returns err, which tells less, for what it does not find.
func misfit(md protoreflect.MessageDescriptor, b []byte, err error) error {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return fmt.Errorf("this is not JSON: %w", err)
	}
	if found := misfitMessage("", md, v); found != nil {
		return found
	}
	return errors.New(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")) // protobuf-go puts in such spaces at random
}

func wrong(path, expected string, v any) error {
	if path == "" {
		return fmt.Errorf("expected %s, got %s", expected, shown(v))
	}
	return fmt.Errorf("%s: expected %s, got %s", path, expected, shown(v))
}

// shown describes a JSON value in an error.
func shown(v any) string {
	const most = 40
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + v.String()
	case string:
		if len(v) > most {
			v = strings.ToValidUTF8(v[:most], "") + "…"
		}
		return "the string " + strconv.Quote(v)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

func misfitMessage(path string, md protoreflect.MessageDescriptor, v any) error {
	if expected, ok := wellKnown(md.FullName()); ok {
		return misfitWellKnown(path, expected, v)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return wrong(path, "an object, a "+string(md.FullName()), v)
	}
	oneofs := make(map[protoreflect.FullName]string) // what is set already
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		for _, name := range []string{fd.JSONName(), fd.TextName()} {
			value, ok := object[name]
			if !ok {
				continue
			}
			delete(object, name)
			if err := misfitField(join(path, name), fd, value); err != nil {
				return err
			}
			if one := fd.ContainingOneof(); one != nil && !one.IsSynthetic() && value != nil {
				if other := oneofs[one.FullName()]; other != "" {
					return fmt.Errorf("%s: %s is set, too, and only one field of the oneof %s may be", join(path, name), other, one.Name())
				}
				oneofs[one.FullName()] = name
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if strings.HasPrefix(name, "[") {
			continue // an extension
		}
		return noField(path, md, name)
	}
	return nil
}

func noField(path string, md protoreflect.MessageDescriptor, name string) error {
	var names []string
	for i := range md.Fields().Len() {
		names = append(names, md.Fields().Get(i).JSONName())
	}
	text := fmt.Sprintf("%s: %s has no such field", join(path, name), md.FullName())
	switch near := Nearest(name, names); {
	case len(near) > 0:
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	case len(names) == 0:
		text += "; it has none"
	default:
		text += "; its fields are " + strings.Join(names, ", ")
	}
	return errors.New(text)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func misfitField(path string, fd protoreflect.FieldDescriptor, v any) error {
	switch {
	case v == nil:
		return nil // absent
	case fd.IsMap():
		object, ok := v.(map[string]any)
		if !ok {
			return wrong(path, "an object, a map from "+fd.MapKey().Kind().String()+" to "+typeName(fd.MapValue()), v)
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			at := path + "[" + strconv.Quote(key) + "]"
			if fd.MapKey().Kind() != protoreflect.StringKind && misfitKey(fd.MapKey(), key) {
				return fmt.Errorf("%s: expected a key that is %s, got %q", at, article(fd.MapKey()), key)
			}
			if err := misfitValue(at, fd.MapValue(), object[key]); err != nil {
				return err
			}
		}
		return nil
	case fd.IsList():
		list, ok := v.([]any)
		if !ok {
			return wrong(path, "a list of "+typeName(fd), v)
		}
		for i, value := range list {
			if err := misfitValue(fmt.Sprintf("%s[%d]", path, i), fd, value); err != nil {
				return err
			}
		}
		return nil
	default:
		return misfitValue(path, fd, v)
	}
}

func misfitKey(fd protoreflect.FieldDescriptor, key string) bool {
	if fd.Kind() == protoreflect.BoolKind {
		return key != "true" && key != "false"
	}
	return misfitValue("", fd, json.Number(key)) != nil
}

// misfitValue looks at a value that is no list and no map, or an element of one.
func misfitValue(path string, fd protoreflect.FieldDescriptor, v any) error {
	fits := false
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return misfitMessage(path, fd.Message(), v)
	case protoreflect.EnumKind:
		return misfitEnum(path, fd.Enum(), v)
	case protoreflect.BoolKind:
		_, fits = v.(bool)
	case protoreflect.StringKind:
		_, fits = v.(string)
	case protoreflect.BytesKind:
		s, ok := v.(string)
		fits = ok && isBase64(s)
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		fits = isFloat(v)
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		fits = isInteger(v, 32, true)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		fits = isInteger(v, 32, false)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		fits = isInteger(v, 64, true)
	default:
		fits = isInteger(v, 64, false)
	}
	if fits {
		return nil
	}
	return wrong(path, article(fd), v)
}

func misfitEnum(path string, ed protoreflect.EnumDescriptor, v any) error {
	if ed.FullName() == "google.protobuf.NullValue" || isInteger(v, 32, true) {
		return nil
	}
	name, ok := v.(string)
	if ok && ed.Values().ByName(protoreflect.Name(name)) != nil {
		return nil
	}
	var names []string
	for i := range ed.Values().Len() {
		names = append(names, string(ed.Values().Get(i).Name()))
	}
	if near := Nearest(name, names); len(near) > 0 {
		return fmt.Errorf("%w; did you mean %s?", wrong(path, "a value of "+string(ed.FullName()), v), strings.Join(near, " or "))
	}
	const most = 12
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += ", …"
	}
	return wrong(path, "a value of "+string(ed.FullName())+" ("+list+")", v)
}

// typeName names the type of a field's values.
func typeName(fd protoreflect.FieldDescriptor) string {
	switch {
	case fd.Message() != nil:
		return string(fd.Message().FullName())
	case fd.Enum() != nil:
		return string(fd.Enum().FullName())
	default:
		return fd.Kind().String()
	}
}

// article names it as part of a sentence.
func article(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.BytesKind:
		return "bytes (a string of base64)"
	case protoreflect.BoolKind:
		return "a bool (true or false)"
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return "an " + fd.Kind().String()
	default:
		return "a " + typeName(fd)
	}
}

// isInteger reports whether v is an integer of so many bits, as a number or a
// string; 1e3 and 1.0 are, too.
func isInteger(v any, bits int, signed bool) bool {
	text, ok := v.(string)
	if number, is := v.(json.Number); is {
		text, ok = number.String(), true
	}
	const longest = 64 // digits; more are no 64-bit integer, and exponents must not be worked out
	if !ok || len(text) > longest || strings.TrimSpace(text) != text {
		return false
	}
	f, _, err := big.ParseFloat(text, 10, 128, big.ToNearestEven)
	if err != nil || !f.IsInt() {
		return false
	}
	if signed {
		i, accuracy := f.Int64()
		return accuracy == big.Exact && i == i<<(64-bits)>>(64-bits)
	}
	u, accuracy := f.Uint64()
	return accuracy == big.Exact && u == u<<(64-bits)>>(64-bits)
}

func isFloat(v any) bool {
	switch v := v.(type) {
	case json.Number:
		_, err := v.Float64()
		return err == nil
	case string:
		_, err := strconv.ParseFloat(v, 64)
		return err == nil
	default:
		return false
	}
}

func isBase64(s string) bool {
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	_, err := base64.RawStdEncoding.DecodeString(s)
	return err == nil
}
