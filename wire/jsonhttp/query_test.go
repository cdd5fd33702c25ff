// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp_test

import (
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
)

func TestQuery(t *testing.T) {
	for query, want := range map[string]string{
		"":                                     `{}`,
		"&&":                                   `{}`,
		"name=x":                               `{"name":"x"}`,
		"name=":                                `{}`,
		"name":                                 `{}`,
		"name=a+b%26%3D":                       `{"name":"a b&="}`,
		"n%61me=x":                             `{"name":"x"}`,
		"int32=-2147483648&uint32=4294967295":  `{"int32":-2147483648,"uint32":4294967295}`,
		"int64=-9223372036854775808":           `{"int64":"-9223372036854775808"}`,
		"uint64=18446744073709551615":          `{"uint64":"18446744073709551615"}`,
		"float=1.5&double=-Infinity":           `{"float":1.5,"double":"-Infinity"}`,
		"bool=true":                            `{"bool":true}`,
		"bytes=_-8":                            `{"bytes":"/+8="}`,
		"bytes=/%2B8=":                         `{"bytes":"/+8="}`,
		"color=RED":                            `{"color":"RED"}`,
		"color=2":                              `{"color":"GREEN"}`,
		"color=77":                             `{"color":77}`,
		"texts=x&name=y&texts=z&texts=":        `{"name":"y","texts":["x","z",""]}`,
		"numbers=1&numbers=2&colors=RED":       `{"numbers":[1,2],"colors":["RED"]}`,
		"optional=":                            `{"optional":""}`,
		"inner.name=x&inner.inner.name=y":      `{"inner":{"name":"x","inner":{"name":"y"}}}`,
		"left=":                                `{"left":""}`,
		"camel_case=x":                         `{"camelCase":"x"}`,
		"camelCase=x":                          `{"camelCase":"x"}`,
		"time=2026-11-21T10:00:00%2B01:00":     `{"time":"2026-11-21T09:00:00Z"}`,
		"duration=1.5s":                        `{"duration":"1.500s"}`,
		"mask=a,b.c":                           `{"mask":"a,b.c"}`,
		"text_value=&bool_value=false":         `{"textValue":"","boolValue":false}`,
		"int64_value=7&bytes_value=_w":         `{"int64Value":"7","bytesValue":"/w=="}`,
		"name=%C3%BC":                          `{"name":"ü"}`,
		strings.Repeat("inner.", 31) + "name=": strings.Repeat(`{"inner":`, 31) + "{}" + strings.Repeat("}", 31),
	} {
		x := request("GET", "/v1/all?"+query, "")
		serve(t, x)
		assert.Equal(t, x.reply.String(), want, query)
		assert.Equal(t, x.status, 200, query)
	}
}

func TestQueryRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"nme=x":                                 `query parameter \"nme\": test.v1.Everything has no field \"nme\"; it has name, int32, int64`,
		"name=%zz":                              `query parameter \"name\": invalid URL escape \"%zz\"`,
		"%zz=x":                                 `query parameter \"%zz\": invalid URL escape`,
		"=x":                                    `query parameter \"\": test.v1.Everything has no field \"\"`,
		"name=x&name=y":                         `query parameter \"name\": it is given twice`,
		"camel_case=x&camelCase=y":              `query parameter \"camelCase\": it is given twice`,
		"int32=2147483648":                      `query parameter \"int32\": \"2147483648\" is not an integer of 32 bits`,
		"int32=":                                `\"\" is not an integer of 32 bits`,
		"int32=1.5":                             `\"1.5\" is not an integer`,
		"int64=x":                               `\"x\" is not an integer of 64 bits`,
		"uint32=-1":                             `\"-1\" is not an integer of 32 bits without a sign`,
		"uint64=-1":                             `\"-1\" is not an integer of 64 bits without a sign`,
		"float=1e99":                            `\"1e99\" is not a number of 32 bits`,
		"double=x":                              `\"x\" is not a number`,
		"bool=1":                                `\"1\" is not true or false`,
		"bytes=!":                               `\"!\" is not base64`,
		"color=PINK":                            `\"PINK\" is not the name or number of one of NONE, RED, GREEN`,
		"name=%ff":                              `is not UTF-8`,
		"inner=x":                               `it is a message, test.v1.Inner, which is given field by field: name, inner, count`,
		"inners=x":                              `it is a message, test.v1.Inner`,
		"inners.name=x":                         `inners is no message, it has no field \"name\"`,
		"name.name=x":                           `name is no message`,
		"counts=x":                              `a map cannot be given as text`,
		"counts.key=x":                          `counts is no message`,
		"inner.=x":                              `test.v1.Inner has no field \"\"`,
		"inner..name=x":                         `test.v1.Inner has no field \"\"`,
		"left=x&right=y":                        `query parameter \"right\": right and left exclude one another`,
		"time=now":                              `\"now\" is not a Timestamp as JSON has it: 2006-01-02T15:04:05Z`,
		"duration=1":                            `\"1\" is not a Duration as JSON has it: 1.5s`,
		"mask=a.b_c":                            `is not a FieldMask as JSON has it: author,pages.count`,
		"bool_value=x":                          `\"x\" is not true or false`,
		"text_value=x&text_value=y":             `it is given twice`,
		strings.Repeat("inner.", 32) + "name=x": `more than 32 fields deep`,
		"int32=" + strings.Repeat("9", 100):     strings.Repeat("9", 40) + `…`,
	} {
		x := request("GET", "/v1/all?"+query, "")
		serve(t, x)
		assert.Contains(t, x.reply.String(), want, query)
		assert.Equal(t, x.status, 400, query)
	}
	for target, want := range map[string]string{
		"PATCH /v1/all/x?name=y":       `name is taken from the path or the body`,
		"PATCH /v1/all/x?inner.name=y": `inner is taken from the path or the body`,
		"GET /v1/inner/x?inner.name=y": `inner.name is taken from the path or the body`,
		"POST /v1/all?name=y":          `POST /v1/all of test.v1.Routes/Create takes all but what is in its path from the body`,
	} {
		method, path, _ := strings.Cut(target, " ")
		x := request(method, path, "")
		serve(t, x)
		assert.Contains(t, x.reply.String(), want, target)
		assert.Equal(t, x.status, 400, target)
	}
	x := request("GET", "/v1/inner/x?inner.count=3", "")
	serve(t, x)
	assert.Equal(t, x.reply.String(), `{"inner":{"name":"x","count":3}}`)
}

// FuzzQuery checks that no path or query crashes, and that what is understood
// comes back when it is asked for as it was answered.
func FuzzQuery(f *testing.F) {
	f.Add("/v1/all", "name=x&texts=a&texts=b&inner.name=%C3%BC")
	f.Add("/v1/files/a%2Fb/c", "int32=1&color=RED&time=2026-11-21T10:00:00Z")
	f.Add("/v1/shelves/1/books/2:x", "left=&right=")
	f.Add("/v1/numbers/1/2", "mask=a,b.c&duration=-1.5s&bytes=_w")
	f.Add("/v1/inner/%", "=&&%")
	f.Add("//:", "counts=1&inner.inner.inner.name=x")
	f.Fuzz(func(t *testing.T, path, query string) {
		x := request("GET", "/", "")
		x.request.Path, x.request.RawQuery = path, query
		serve(t, x)
		if !x.ended || x.reset != nil {
			t.Fatalf("no answer: %d, %v", x.status, x.reset)
		}
		if x.status == 200 && x.fields.Get("content-type") == asJSON && strings.HasPrefix(path, "/v1/all") {
			again := request("POST", "/v1/all", x.reply.String(), "content-type", asJSON)
			serve(t, again)
			assert.Equal(t, again.reply.String(), x.reply.String())
		}
	})
}
