// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// library returns a dispatcher with methods that may be called by GET, and one
// that may not.
func library(t testing.TB) *dispatch.Dispatcher {
	t.Helper()
	d := arith(t)
	multiply := func(_ context.Context, in *Args) (*Product, error) { return &Product{in.A * in.B}, nil }
	assert.NoError(t, d.Register(curlew.NewService("Library",
		curlew.Unary("Multiply", multiply, curlew.NoSideEffects),
		curlew.Unary("Again", multiply, curlew.Idempotent),
		curlew.ServerStream("Count", func(context.Context, *Args, curlew.Sender[Product]) error { return nil }, curlew.NoSideEffects),
	)))
	return d
}

func TestServeGet(t *testing.T) {
	encoded, err := proto.New().Append(nil, &Args{7, 8})
	assert.NoError(t, err)
	packed, err := compress.Gzip().Compress(nil, []byte(`{"A":7,"B":8}`))
	assert.NoError(t, err)
	huge := strings.Repeat("x", 4<<20+1)
	message := url.QueryEscape(`{"A":7,"B":8}`)
	for name, test := range map[string]struct {
		path, query string
		fields      []string
		status      int
		want        string
	}{
		"JSON":                {"Multiply", "encoding=json&message=" + message, nil, 200, `{"C":56}`},
		"in another order":    {"Multiply", "message=" + message + "&connect=v1&base64=0&encoding=json&compression=identity&x=y", nil, 200, `{"C":56}`},
		"base64":              {"Multiply", "encoding=json&base64=1&message=eyJBIjo3LCJCIjo4fQ", nil, 200, `{"C":56}`},
		"padded base64":       {"Multiply", "encoding=json&base64=1&message=eyJBIjo3LCJCIjo4fQ==", nil, 200, `{"C":56}`},
		"protobuf":            {"Multiply", "encoding=proto&base64=1&message=" + base64.RawURLEncoding.EncodeToString(encoded), nil, 200, "\x088"},
		"empty":               {"Multiply", "encoding=proto&message=", nil, 200, ""},
		"gzip":                {"Multiply", "encoding=json&compression=gzip&base64=1&message=" + base64.RawURLEncoding.EncodeToString(packed), nil, 200, `{"C":56}`},
		"a body's encoding":   {"Multiply", "encoding=json&message=" + message, []string{"content-encoding", "br"}, 200, `{"C":56}`},
		"from a page":         {"Multiply", "encoding=json&message=" + message, []string{"origin", "https://x", "sec-fetch-site", "cross-site"}, 200, `{"C":56}`},
		"no message":          {"Multiply", "encoding=json", nil, 400, "the query has no message"},
		"no encoding":         {"Multiply", "message=" + message, nil, 400, "the query has no encoding"},
		"nothing":             {"Multiply", "", nil, 400, "the query has no encoding"},
		"not escaped":         {"Multiply", "encoding=json&message=%zz", nil, 400, "the query: "},
		"not base64":          {"Multiply", "encoding=json&base64=1&message=!", nil, 400, "the query's message: illegal base64"},
		"another version":     {"Multiply", "connect=v2&encoding=json&message=" + message, nil, 400, `only \"v1\" is known`},
		"another version too": {"Multiply", "encoding=json&message=" + message, []string{"connect-protocol-version", "2"}, 400, `only \"1\" is known`},
		"unknown encoding":    {"Multiply", "encoding=xml&message=" + message, nil, 415, `encoding \"xml\" is not known`},
		"unknown compression": {"Multiply", "encoding=json&compression=br&message=" + message, nil, 501, `the query's compression: the encoding \"br\" is not known`},
		"bad timeout":         {"Multiply", "encoding=json&message=" + message, []string{"connect-timeout-ms", "x"}, 400, "connect-timeout-ms"},
		"huge":                {"Multiply", "encoding=json&message=" + huge, nil, 429, "message of 4194305 bytes is larger"},
		"merely idempotent":   {"Again", "encoding=json&message=" + message, nil, 405, `called by POST, not by GET`},
		"a stream":            {"Count", "encoding=json&message=" + message, nil, 405, `called by POST, not by GET`},
	} {
		t.Run(name, func(t *testing.T) {
			x := post("/Library/"+test.path, "", test.fields...)
			x.request.Method, x.request.RawQuery = "GET", test.query
			newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: library(t)})
			assert.Equal(t, x.status, test.status, x.reply.String())
			assert.Contains(t, x.reply.String(), test.want)
			assert.True(t, x.ended && x.reset == nil, "the response has its proper end")
			if test.status == 405 {
				assert.Equal(t, x.fields.Get("allow"), "POST")
			}
		})
	}
	x := post("/Library/Multiply", "{}")
	x.request.Method = "PUT"
	newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: library(t)})
	assert.Equal(t, x.fields.Get("allow"), "POST, GET")
	x = post("/Library/Multiply", `{"A":7,"B":8}`, "content-type", asJSON)
	newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: library(t)})
	assert.Equal(t, x.reply.String(), `{"C":56}`, "POST does as well")
}

// FuzzGet checks that every query gets exactly one response.
func FuzzGet(f *testing.F) {
	d := library(f)
	for _, seed := range []string{
		"", "encoding=json&message=%7B%7D", "encoding=proto&base64=1&message=CAc", "compression=gzip&encoding=json&message=x&connect=v1", "message=%zz&;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		x := post("/Library/Multiply", "")
		x.request.Method, x.request.RawQuery = "GET", query
		newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		if x.status == 0 || !x.ended {
			t.Fatalf("no response: %+v", x)
		}
	})
}
