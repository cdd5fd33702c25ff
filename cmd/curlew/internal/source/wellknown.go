// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// form is how a well-known type is written in JSON.
type form struct {
	what string           // in a sentence after "expected"
	fits func(v any) bool // nil takes anything
}

// wellKnown returns the form of a message that is no object of its fields.
func wellKnown(name protoreflect.FullName) (form, bool) {
	short, ok := strings.CutPrefix(string(name), "google.protobuf.")
	if !ok {
		return form{}, false
	}
	switch short {
	case "Timestamp":
		return form{`a time such as "2006-01-02T15:04:05Z"`, isTime}, true
	case "Duration":
		return form{`a duration such as "1.5s"`, isDuration}, true
	case "FieldMask":
		return form{`a string of paths such as "user.name,email"`, isString}, true
	case "Struct":
		return form{"an object", isObject}, true
	case "ListValue":
		return form{"a list", isList}, true
	case "Value":
		return form{"JSON", nil}, true
	case "Any":
		return form{`an object with the type at "@type"`, isObject}, true
	case "BoolValue":
		return form{"true or false", isBool}, true
	case "StringValue":
		return form{"a string", isString}, true
	case "BytesValue":
		return form{"a string of base64", func(v any) bool { s, ok := v.(string); return ok && isBase64(s) }}, true
	case "DoubleValue", "FloatValue":
		return form{"a number", isFloat}, true
	case "Int32Value":
		return form{"an int32", func(v any) bool { return isInteger(v, 32, true) }}, true
	case "UInt32Value":
		return form{"a uint32", func(v any) bool { return isInteger(v, 32, false) }}, true
	case "Int64Value":
		return form{"an int64", func(v any) bool { return isInteger(v, 64, true) }}, true
	case "UInt64Value":
		return form{"a uint64", func(v any) bool { return isInteger(v, 64, false) }}, true
	default:
		return form{}, false // Empty is an object without fields
	}
}

func misfitWellKnown(path string, f form, v any) error {
	if f.fits == nil || f.fits(v) {
		return nil
	}
	return wrong(path, f.what, v)
}

func isTime(v any) bool {
	s, ok := v.(string)
	_, err := time.Parse(time.RFC3339Nano, s)
	return ok && err == nil
}

func isDuration(v any) bool {
	s, ok := v.(string)
	seconds, unit := strings.CutSuffix(s, "s")
	_, err := strconv.ParseFloat(seconds, 64)
	return ok && unit && err == nil
}

func isString(v any) bool { _, ok := v.(string); return ok }
func isBool(v any) bool   { _, ok := v.(bool); return ok }
func isList(v any) bool   { _, ok := v.([]any); return ok }
func isObject(v any) bool { _, ok := v.(map[string]any); return ok }
