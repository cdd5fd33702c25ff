// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestAppendEndStream(t *testing.T) {
	assert.Equal(t, string(httpwire.AppendEndStream([]byte("x"), nil, nil)), "x{}")
	text := httpwire.AppendEndStream(nil, wire.Fields{{Name: "x-b", Value: "2"}, {Name: "x-a", Value: "1"}, {Name: "x-b", Value: "3"}},
		curlew.NewError(curlew.NotFound, "no bird"))
	assert.Equal(t, string(text), `{"error":{"code":"not_found","message":"no bird"},"metadata":{"x-a":["1"],"x-b":["2","3"]}}`)
}

func TestParseEndStream(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		code     curlew.Code
		message  string
		trailers wire.Fields
		broken   bool
	}{
		"nothing":       {text: "{}"},
		"null error":    {text: `{"error":null}`},
		"metadata":      {text: `{"metadata":{"X-B":["2","3"],"x-a":["1"]}}`, trailers: wire.Fields{{Name: "x-a", Value: "1"}, {Name: "x-b", Value: "2"}, {Name: "x-b", Value: "3"}}},
		"error":         {text: `{"error":{"code":"aborted","message":"x","other":[1]},"more":2}`, code: curlew.Aborted, message: "x"},
		"no message":    {text: `{"error":{"code":"aborted"}}`, code: curlew.Aborted},
		"no code":       {text: `{"error":{"message":"oops"}}`, code: curlew.Unknown, message: "oops"},
		"null code":     {text: `{"error":{"code":null,"message":"oops"}}`, code: curlew.Unknown, message: "oops"},
		"another code":  {text: `{"error":{"code":"foobar","message":"oops"}}`, code: curlew.Unknown, message: "oops"},
		"code ok":       {text: `{"error":{"code":"ok"}}`, code: curlew.Unknown},
		"not an object": {text: `[]`, broken: true},
		"not JSON":      {text: "grpc-status: 0\r\n", broken: true},
		"empty":         {text: "", broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			trailers, e, err := httpwire.ParseEndStream([]byte(test.text))
			assert.Equal(t, err != nil, test.broken, err)
			assert.Equal(t, trailers, test.trailers)
			assert.Equal(t, e == nil, test.code == curlew.OK, e)
			if e != nil {
				assert.Equal(t, e.Code(), test.code)
				assert.Equal(t, e.Message(), test.message)
				assert.Equal(t, e.Origin(), curlew.OriginServer)
				assert.Equal(t, e.Progress(), curlew.Answered)
			}
		})
	}
}

// FuzzParseEndStream checks that nothing crashes, and that what is understood
// survives being sent on.
func FuzzParseEndStream(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"aborted","details":[{"type":"a.B","value":"CA"}]},"metadata":{"a":["b","c"]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		trailers, e, err := httpwire.ParseEndStream(b)
		if err != nil {
			return
		}
		again, e2, err := httpwire.ParseEndStream(httpwire.AppendEndStream(nil, trailers, e))
		if err != nil || !slices.Equal(trailers, again) || (e == nil) != (e2 == nil) {
			t.Fatalf("%v, %v was sent on as %v, %v, %v", trailers, e, again, e2, err)
		}
		if e != nil && (e.Code() != e2.Code() || e.Message() != e2.Message() || len(e.Details()) != len(e2.Details())) {
			t.Fatalf("%v was sent on as %v", e, e2)
		}
	})
}

func TestWebTrailers(t *testing.T) {
	sent := wire.Fields{{Name: "grpc-status", Value: "9"}, {Name: "x-bird", Value: "curlew: a: b"}, {Name: "x-none", Value: ""}}
	text := httpwire.AppendWebTrailers([]byte(nil), sent)
	assert.Equal(t, string(text), "grpc-status: 9\r\nx-bird: curlew: a: b\r\nx-none: \r\n")
	got, err := httpwire.ParseWebTrailers(text)
	assert.NoError(t, err)
	assert.Equal(t, got, sent)

	got, err = httpwire.ParseWebTrailers([]byte("Grpc-Status:0\ngRPC-Message:\t oops \r\n\r\n"))
	assert.NoError(t, err)
	assert.Equal(t, got, wire.Fields{{Name: "grpc-status", Value: "0"}, {Name: "grpc-message", Value: "oops"}})

	for _, bad := range []string{"grpc-status", ": 1\r\n", "a: b\r\nc\r\n"} {
		_, err = httpwire.ParseWebTrailers([]byte(bad))
		assert.True(t, err != nil && strings.Contains(err.Error(), "no field"), bad, err)
	}
}

// FuzzParseWebTrailers checks that what is understood survives being sent on.
func FuzzParseWebTrailers(f *testing.F) {
	f.Add([]byte("grpc-status: 9\r\ngrpc-message: error\r\nx-custom-trailer: bing\r\n"))
	f.Add([]byte(":"))
	f.Fuzz(func(t *testing.T, b []byte) {
		trailers, err := httpwire.ParseWebTrailers(b)
		if err != nil {
			return
		}
		again, err := httpwire.ParseWebTrailers(httpwire.AppendWebTrailers(nil, trailers))
		if err != nil || !slices.Equal(trailers, again) {
			t.Fatalf("%q was sent on as %q: %v", trailers, again, err)
		}
	})
}
