// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd_test

import (
	"testing"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

func TestMisfit(t *testing.T) {
	address := shoptest.Serve(t)
	for _, test := range []struct{ request, text string }{
		{`[]`, "expected an object, a shoptest.Item, got a list"},
		{`"x"`, `got the string "x"`},
		{`{"sku": 1}`, "sku: expected a string, got the number 1"},
		{`{"count": "a"}`, `count: expected an int32, got the string "a"`},
		{`{"count": 2147483648}`, "count: expected an int32, got the number 2147483648"},
		{`{"count": 1.5}`, "count: expected an int32, got the number 1.5"},
		{`{"big": -1}`, "big: expected a uint64, got the number -1"},
		{`{"big": 1e999999999}`, "big: expected a uint64"},
		{`{"gift": "true"}`, `gift: expected a bool (true or false), got the string "true"`},
		{`{"photo": "%"}`, "photo: expected bytes (a string of base64)"},
		{`{"price": {}}`, "price: expected a double, got an object"},
		{`{"made": "yesterday"}`, `made: expected a time such as "2006-01-02T15:04:05Z", got the string "yesterday"`},
		{`{"parts": {}}`, "parts: expected a list of shoptest.Item, got an object"},
		{`{"parts": [{}, {"parts": [{"count": true}]}]}`, "parts[1].parts[0].count: expected an int32, got true"},
		{`{"parts": [null]}`, "parts[0]: expected an object, a shoptest.Item, got null"},
		{`{"notes": []}`, "notes: expected an object, a map from string to int64, got a list"},
		{`{"notes": {"a": "b"}}`, `notes["a"]: expected an int64, got the string "b"`},
		{`{"names": {"a": "b"}}`, `names["a"]: expected a key that is an int32, got "a"`},
		{`{"cuont": 1}`, "cuont: shoptest.Item has no such field; did you mean count?"},
		{`{"parts": [{"zzzzzz": 1}]}`, "parts[0].zzzzzz: shoptest.Item has no such field; its fields are sku, count"},
		{`{"sku": "a", "sku": "b"}`, "duplicate"},
	} {
		got := call(t, "", address, buy, test.request)
		wantError(t, got, 1, "curlew: the request: ", test.text)
	}
	for _, request := range []string{
		`{"count": "3", "big": "18446744073709551615", "price": "NaN", "photo": "_-8", "made": "2020-01-02T03:04:05.678Z"}`,
		`{"count": 1e3, "names": {"-1": ""}, "gift": true, "sku": null}`,
	} {
		if got := call(t, "", address, buy, request); got.Status != 0 {
			t.Errorf("%s: %s", request, got.Err)
		}
	}
}

// TestMisfitKinds is about what plain Go types do not have. Requests that fit are
// refused by the server, which does not have the method.
func TestMisfitKinds(t *testing.T) {
	address := shoptest.Serve(t)
	flags := []string{"--proto", "testdata/kinds.proto", "-I", "testdata", address, shoptest.Service + "/Take"}
	for _, test := range []struct{ request, text string }{
		{`{"color": "COLOR_RDE"}`, `color: expected a value of shop.v1.Color, got the string "COLOR_RDE"; did you mean COLOR_RED?`},
		{`{"colors": ["x"]}`, `colors[0]: expected a value of shop.v1.Color (COLOR_UNKNOWN, COLOR_RED), got the string "x"`},
		{`{"duration": "5m"}`, `duration: expected a duration such as "1.5s", got the string "5m"`},
		{`{"mask": ["a"]}`, `mask: expected a string of paths such as "user.name,email", got a list`},
		{`{"struct": 1}`, "struct: expected an object, got the number 1"},
		{`{"list": {}}`, "list: expected a list, got an object"},
		{`{"any": 1}`, `any: expected an object with the type at "@type"`},
		{`{"any": {"@type": "no.such.Type"}}`, "no.such.Type"},
		{`{"empty": {"a": 1}}`, "empty.a: google.protobuf.Empty has no such field; it has none"},
		{`{"boolValue": 1}`, "boolValue: expected true or false, got the number 1"},
		{`{"string_value": false}`, "string_value: expected a string, got false"},
		{`{"bytesValue": "%"}`, "bytesValue: expected a string of base64"},
		{`{"doubleValue": "x"}`, "doubleValue: expected a number"},
		{`{"int32Value": 1e10}`, "int32Value: expected an int32, got the number 1e10"},
		{`{"uint64Value": "-1"}`, "uint64Value: expected a uint64"},
		{`{"nested": {"yes": {}}}`, `nested["yes"]: expected a key that is a bool (true or false), got "yes"`},
		{`{"nested": {"true": {"color": []}}}`, `nested["true"].color: expected a value of shop.v1.Color`},
		{`{"left": "a", "right": "b"}`, "right: left is set, too, and only one field of the oneof choice may be"},
	} {
		wantError(t, call(t, "", append(flags, test.request)...), 1, "curlew: the request: ", test.text)
	}
	fits := `{"color": 7, "colors": ["COLOR_RED", 1], "duration": "-1.5s", "mask": "a.b,c", "struct": {"a": [null]}, "list": [1],
		"value": null, "any": {"@type": "type.googleapis.com/shop.v1.Kinds", "left": "x"}, "empty": {}, "boolValue": true,
		"doubleValue": "Infinity", "int32Value": "1", "uint64Value": 1, "nested": {"false": {}}, "left": "a", "right": null}`
	wantError(t, call(t, "", append(flags, fits)...), 64+12, "unimplemented")
}
