// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
	asText = "text/plain; charset=utf-8"
)

func TestMatch(t *testing.T) {
	d := arith(t)
	for name, test := range map[string]struct {
		method, path string
		fields       []string
		want         wire.Match
	}{
		"a call":                     {"POST", "/Arith/Multiply", []string{"content-type", asJSON}, wire.Yes},
		"escaped":                    {"POST", "/Ar%69th/Multiply", nil, wire.Yes},
		"of a wrong type":            {"POST", "/Arith/Multiply", []string{"content-type", "text/plain"}, wire.Yes},
		"by a wrong method":          {"GET", "/Arith/Multiply", nil, wire.Yes},
		"gRPC's":                     {"POST", "/Arith/Multiply", []string{"content-type", "application/grpc+proto"}, wire.No},
		"gRPC-Web's":                 {"POST", "/Arith/Multiply", []string{"content-type", "application/grpc-web"}, wire.No},
		"of no method, JSON":         {"POST", "/users/new", []string{"content-type", asJSON}, wire.Maybe},
		"of no method, by curl":      {"POST", "/users/new", []string{"content-type", asForm}, wire.Maybe},
		"of no method, declared":     {"POST", "/users/new", []string{"connect-protocol-version", "1"}, wire.Yes},
		"of no method, a stream":     {"POST", "/users/new", []string{"content-type", "application/connect+json"}, wire.Yes},
		"of no method, a form":       {"POST", "/users/new", []string{"content-type", asForm, "origin", "x"}, wire.No},
		"of no method, an upload":    {"POST", "/users/new", []string{"content-type", "multipart/form-data"}, wire.No},
		"of no method, GET":          {"GET", "/static/app.js", nil, wire.No},
		"a path of one part":         {"POST", "/Multiply", []string{"content-type", asJSON}, wire.No},
		"a path of three parts":      {"POST", "/api/Arith/Multiply", []string{"content-type", asJSON}, wire.No},
		"a path with an empty part":  {"POST", "//Multiply", []string{"content-type", asJSON}, wire.No},
		"a path with an empty end":   {"POST", "/Arith/", []string{"content-type", asJSON}, wire.No},
		"a path that is not escaped": {"POST", "/Arith/%zz", []string{"content-type", asJSON}, wire.No},
		"no path":                    {"OPTIONS", "*", nil, wire.No},
	} {
		x := post(test.path, "", test.fields...)
		x.request.Method = test.method
		assert.Equal(t, newServer().Match(&x.request, d), test.want, name)
	}
}

func TestServe(t *testing.T) {
	encoded, err := proto.New().Append(nil, &Args{7, 8})
	assert.NoError(t, err)
	reply, err := proto.New().Append(nil, &Product{56})
	assert.NoError(t, err)
	for name, test := range map[string]struct {
		x      *exchange
		status int
		is     string // the content type
		want   string // in the body
	}{
		"JSON":                   {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON), 200, asJSON, `{"C":56}`},
		"JSON with a charset":    {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", "Application/JSON; charset=utf-8"), 200, asJSON, `{"C":56}`},
		"curl -d":                {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asForm), 200, asJSON, `{"C":56}`},
		"no type":                {post("/Arith/Multiply", `{"A":7,"B":8}`), 200, asJSON, `{"C":56}`},
		"protobuf":               {post("/Arith/Multiply", string(encoded), "content-type", "application/proto"), 200, "application/proto", string(reply)},
		"empty protobuf":         {post("/Arith/Multiply", "", "content-type", "application/proto"), 200, "application/proto", ""},
		"empty, said to be gzip": {post("/Arith/Multiply", "", "content-type", "application/proto", "content-encoding", "gzip"), 200, "application/proto", ""},
		"with a version":         {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON, "connect-protocol-version", "1"), 200, asJSON, `{"C":56}`},
		"identity":               {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON, "content-encoding", "identity"), 200, asJSON, `{"C":56}`},

		"error":                {post("/Arith/Divide", `{}`, "content-type", asJSON), 400, asJSON, `{"code":"failed_precondition","message":"divide by zero","details":[{"type":"google.protobuf.Duration","value":"EAc"}]}`},
		"error to protobuf":    {post("/Arith/Divide", "", "content-type", "application/proto"), 400, asJSON, `"divide by zero"`},
		"panic":                {post("/Arith/Panic", `{}`, "content-type", asJSON), 500, asJSON, `"internal"`},
		"unknown method":       {post("/Arith/Add", `{}`, "content-type", asJSON), 404, asJSON, `"unimplemented"`},
		"unknown service":      {post("/Math/Add", `{}`, "content-type", asJSON), 404, asJSON, `Arith`},
		"not JSON":             {post("/Arith/Multiply", `A=7&B=8`, "content-type", asForm), 400, asJSON, `decode the request as json`},
		"no JSON":              {post("/Arith/Multiply", "", "content-type", asJSON), 400, asJSON, `"invalid_argument"`},
		"deep JSON":            {post("/Arith/Multiply", strings.Repeat("[", 1_000_000), "content-type", asJSON), 400, asJSON, `"invalid_argument"`},
		"not protobuf":         {post("/Arith/Multiply", "\xff\xff", "content-type", "application/proto"), 400, asJSON, `"invalid_argument"`},
		"not gzip":             {post("/Arith/Multiply", "\xff\xff", "content-type", asJSON, "content-encoding", "gzip"), 400, asJSON, `gzip: `},
		"unknown encoding":     {post("/Arith/Multiply", "{}", "content-type", asJSON, "content-encoding", "br"), 501, asJSON, `known here: gzip, identity`},
		"unknown version":      {post("/Arith/Multiply", "{}", "content-type", asJSON, "connect-protocol-version", "2"), 400, asJSON, `only \"1\" is known`},
		"bad timeout":          {post("/Arith/Multiply", "{}", "content-type", asJSON, "connect-timeout-ms", "1s"), 400, asJSON, `connect-timeout-ms`},
		"bad binary header":    {post("/Arith/Multiply", "{}", "content-type", asJSON, "x-bin", "!"), 400, asJSON, `x-bin`},
		"huge header":          {post("/Arith/Multiply", "{}", "content-type", asJSON, "x", strings.Repeat("x", 16<<10)), 429, asJSON, `more than the 16384 allowed`},
		"huge body":            {post("/Arith/Multiply", strings.Repeat("x", 4<<20+1), "content-type", asJSON), 429, asJSON, `message of 4194305 bytes is larger than the 4194304`},
		"huge for the method":  {post("/Arith/Short", `{"Value":"xx"}`, "content-type", asJSON), 429, asJSON, `message of 14 bytes is larger than the 10`},
		"huge reply":           {post("/Arith/Short", "\x0a\x08xxxxxxxx", "content-type", "application/proto"), 200, "application/proto", "xxxxxxxxxxxxxxxx"},
		"method is for POST":   {get("/Arith/Multiply"), 405, asJSON, `called by POST, not by GET`},
		"type is plain text":   {post("/Arith/Multiply", "{}", "content-type", "text/plain"), 415, asText, `known here: application/json, application/proto`},
		"type is unknown":      {post("/Arith/Multiply", "{}", "content-type", "application/xml"), 415, asText, `application/xml`},
		"type is gRPC's":       {post("/Arith/Multiply", "{}", "content-type", "application/grpc"), 415, asText, `application/grpc`},
		"type is a stream's":   {post("/Arith/Multiply", "{}", "content-type", "application/connect+json"), 415, asJSON, `is for streams`},
		"method is a stream":   {post("/Arith/Count", "{}", "content-type", asJSON), 415, asJSON, `server_stream`},
		"unknown stream type":  {post("/Arith/Count", "{}", "content-type", "application/connect+xml"), 415, asText, `xml" is not known; known here: application/connect`},
		"stream by GET":        {get("/Arith/Count"), 405, asJSON, `called by POST, not by GET`},
		"form from a browser":  {post("/Arith/Multiply", "{}", "content-type", asForm, "origin", "https://evil.example"), 415, asJSON, `not from a browser`},
		"form with a referrer": {post("/Arith/Multiply", "{}", "content-type", asForm, "referer", "https://evil.example/"), 415, asJSON, `not from a browser`},
		"form with a cookie":   {post("/Arith/Multiply", "{}", "content-type", asForm, "cookie", "a=b"), 415, asJSON, `not from a browser`},
		"form, fetched":        {post("/Arith/Multiply", "{}", "content-type", asForm, "sec-fetch-site", "same-origin"), 415, asJSON, `not from a browser`},
		"no type, fetched":     {post("/Arith/Multiply", "{}", "sec-fetch-mode", "no-cors"), 415, asJSON, `not from a browser`},
		"JSON from a browser":  {post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON, "origin", "https://shop.example", "cookie", "a=b"), 200, asJSON, `{"C":56}`},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, test.x)
			assert.Equal(t, test.x.status, test.status, test.x.reply.String())
			assert.Equal(t, test.x.fields.Get("content-type"), test.is)
			assert.Contains(t, test.x.reply.String(), test.want)
			assert.True(t, test.x.ended && test.x.reset == nil, "the response has its proper end")
			switch test.status {
			case 405:
				assert.Equal(t, test.x.fields.Get("allow"), "POST")
				assert.Contains(t, test.x.reply.String(), `{"code":"unknown"`)
			case 415:
				code := "unknown"
				if strings.Contains(test.want, "stream") { // the method exists, but for calls of another kind
					code = "unimplemented"
				}
				assert.Equal(t, strings.Contains(test.x.reply.String(), `{"code":"`+code+`"`), test.is == asJSON)
				assert.True(t, strings.HasPrefix(test.x.fields.Get("accept-post"), "application/"), "it is told what is taken")
			}
		})
	}
}

func get(path string) *exchange {
	x := post(path, "")
	x.request.Method = "GET"
	return x
}

func TestServeReplyTooLarge(t *testing.T) {
	x := post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON)
	x.request.Limits.MaxSend = 5
	serve(t, x)
	assert.Equal(t, x.status, 429)
	assert.Contains(t, x.reply.String(), "message of 8 bytes is larger than the 5 that may be sent")
}

func TestServeMetadata(t *testing.T) {
	x := post("/Arith/Metadata", "{}", "content-type", asJSON, "x-bird", "curlew", "x-egg-bin", "AP8=", "accept", "*/*", "connect-timeout-ms", "1000")
	serve(t, x)
	assert.Equal(t, x.fields, wire.Fields{
		{Name: "x-bird", Value: "curlew"}, {Name: "x-egg-bin", Value: "AP8"}, {Name: "accept", Value: "*/*"}, {Name: "trailer-x-end-bin", Value: "/wA"},
		{Name: "content-type", Value: asJSON}, {Name: "content-length", Value: "2"},
	})

	x = post("/Arith/Metadata", `{"A":1}`, "content-type", asJSON)
	serve(t, x)
	assert.Equal(t, x.status, 500)
	assert.Contains(t, x.reply.String(), `header \"connection\"`)

	x = post("/Arith/Metadata", `{}`, "content-type", asJSON)
	x.request.Limits.MaxHeader = 40
	serve(t, x)
	assert.Equal(t, x.status, 500)
	assert.Contains(t, x.reply.String(), "MaxHeader")
}

func TestServeGzip(t *testing.T) {
	gzip := compress.Gzip()
	packed, err := gzip.Compress(nil, []byte(`{"Value":"x"}`))
	assert.NoError(t, err)
	for accepts, want := range map[string]string{"gzip, br": "gzip", "": "", "br": "", "gzip;q=0": ""} {
		x := post("/Arith/Repeat", string(packed), "content-type", asJSON, "content-encoding", "gzip", "accept-encoding", accepts)
		serve(t, x)
		assert.Equal(t, x.status, 200)
		assert.Equal(t, x.fields.Get("content-encoding"), want, accepts)
		plain := x.reply.Bytes()
		if want == "gzip" {
			plain, err = gzip.Decompress(nil, plain, 1<<20)
			assert.NoError(t, err)
		}
		assert.Equal(t, string(plain), `{"Value":"`+strings.Repeat("x", 2000)+`"}`)
	}
	x := post("/Arith/Multiply", `{"A":7,"B":8}`, "content-type", asJSON, "accept-encoding", "gzip")
	serve(t, x)
	assert.Equal(t, x.reply.String(), `{"C":56}`, "a small reply is sent as it is")

	bomb, err := gzip.Compress(nil, make([]byte, 8<<20))
	assert.NoError(t, err)
	x = post("/Arith/Multiply", string(bomb), "content-type", asJSON, "content-encoding", "gzip")
	serve(t, x)
	assert.Equal(t, x.status, 429)
	assert.Contains(t, x.reply.String(), "more than 4194304 inflated")
}

func TestServeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]time.Duration{"1500": 1500 * time.Millisecond, "0": 0} {
			x := post("/Arith/Wait", "{}", "content-type", asJSON, "connect-timeout-ms", text)
			begin := time.Now()
			serve(t, x)
			assert.Equal(t, time.Since(begin), want)
			assert.Equal(t, x.status, 504)
			assert.Contains(t, x.reply.String(), "deadline_exceeded")
		}
	})
}

// TestServeCanceled: when the client has gone, the handler is told why.
func TestServeCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		go cancel(errors.New("gone"))
		x := post("/Arith/Wait", "{}", "content-type", asJSON)
		newServer().Serve(ctx, x, httpwire.Waiting{Dispatcher: arith(t)})
		assert.Equal(t, x.status, 499)
	})
}

func TestServeBrokenRequest(t *testing.T) {
	x := post("/Arith/Multiply", "", "content-type", asJSON)
	x.body, x.request.Length = iotest.ErrReader(io.ErrUnexpectedEOF), -1
	serve(t, x)
	assert.Equal(t, x.status, 499)
	assert.Contains(t, x.reply.String(), "the request broke off")
}

func TestServeReplyThatCannotBeSent(t *testing.T) {
	var ended error
	d := arith(t)
	assert.NoError(t, d.Register(curlew.NewService("Other", curlew.Unary("Observe", func(ctx context.Context, in *Args) (*Args, error) {
		curlew.CallFrom(ctx).OnEnd(func(err error) { ended = err })
		return in, nil
	}))))
	x := post("/Other/Observe", "{}", "content-type", asJSON)
	x.broken = errors.New("broken pipe")
	newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
	assert.True(t, x.reset != nil, "the exchange is reset")
	assert.ErrorIs(t, ended, x.broken)
}

func TestServerWithoutJSON(t *testing.T) {
	s := connect.NewServer([]curlew.Codec{proto.New()})
	x := post("/Arith/Multiply", "{}", "content-type", asForm)
	s.Serve(t.Context(), x, arith(t))
	assert.Equal(t, x.status, 415)
	assert.Contains(t, x.reply.String(), "known here: application/proto")
}

// FuzzServer checks that every request gets exactly one response, and errors
// that clients understand.
func FuzzServer(f *testing.F) {
	d := arith(f)
	f.Add("POST", "/Arith/Multiply", "content-type", asJSON, []byte(`{"A":7}`))
	f.Add("POST", "/Arith/Repeat", "connect-timeout-ms", "9", []byte(`{"Value":"x"}`))
	f.Add("GET", "/Arith/Count", "content-encoding", "gzip", []byte("\x1f\x8b"))
	f.Add("POST", "/%41rith/Metadata", "x-egg-bin", "AP8", []byte("{}"))
	f.Fuzz(func(t *testing.T, method, path, name, value string, body []byte) {
		x := post(path, string(body), name, value)
		x.request.Method = method
		s := newServer()
		plain, _ := url.PathUnescape(path)
		if s.Match(&x.request, d) == wire.No || plain == "/Arith/Wait" || plain == "/Arith/Panic" {
			return
		}
		s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		if x.status == 0 || !x.ended {
			t.Fatalf("no response: %+v", x)
		}
		if x.status != 200 && x.status != 415 {
			e := httpwire.ParseError(x.reply.Bytes(), x.status, "here")
			if strings.Contains(e.Message(), "no error that Connect knows") {
				t.Fatalf("status %d: %v", x.status, e)
			}
		}
	})
}

// stuck is a body that stops.
type stuck struct{ *exchange }

func (x stuck) Read(ctx context.Context, p []byte) (int, error) {
	if n, _ := x.body.Read(p); n > 0 {
		return n, nil
	}
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

// TestServeStuckRequest: half a request is not waited for without end.
func TestServeStuckRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := post("/Arith/Multiply", `{"A":7,`, "content-type", asJSON)
		x.request.Length, x.request.Limits.MaxReceive = 100, 1<<20
		begin := time.Now()
		newServer().Serve(t.Context(), stuck{x}, httpwire.Waiting{Dispatcher: arith(t)})
		assert.Equal(t, time.Since(begin), (30+16)*time.Second)
		assert.Equal(t, x.status, 504)
		assert.Contains(t, x.reply.String(), "the request does not come")
	})
}
