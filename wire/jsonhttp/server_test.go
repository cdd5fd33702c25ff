// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
	"github.com/curlewrpc/curlew/wire/jsonhttp"
)

const asJSON = "application/json"

func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		method, path string
		fields       []string
		want         wire.Match
	}{
		"a route":                  {"GET", "/v1/all", nil, wire.Yes},
		"another method's route":   {"POST", "/v1/all", nil, wire.Yes},
		"a custom method":          {"SEARCH", "/v1/all", nil, wire.Yes},
		"any method":               {"BREW", "/v1/any", nil, wire.Yes},
		"by a wrong method":        {"PUT", "/v1/all", nil, wire.Maybe},
		"a method in lower case":   {"get", "/v1/all", nil, wire.Maybe},
		"no route":                 {"GET", "/v1/none", nil, wire.No},
		"a slash at the end":       {"GET", "/v1/all/", nil, wire.No},
		"a path without routes":    {"POST", "/test.v1.Routes/Hidden", nil, wire.No},
		"gRPC's":                   {"POST", "/v1/all", []string{"content-type", "application/grpc"}, wire.No},
		"no path":                  {"OPTIONS", "*", nil, wire.No},
		"a path with bad escapes":  {"GET", "/v1/%zz/%", nil, wire.No},
		"an escaped literal":       {"GET", "/v%31/al%6C", nil, wire.Yes},
		"an escaped slash":         {"GET", "/v1%2Fall", nil, wire.No},
		"a variable with a slash":  {"DELETE", "/v1/all/a%2Fb", nil, wire.Yes},
		"an empty variable":        {"DELETE", "/v1/all/", nil, wire.No},
		"a pattern":                {"GET", "/v1/shelves/1/books/2", nil, wire.Yes},
		"a pattern, too long":      {"GET", "/v1/shelves/1/books/2/3", nil, wire.No},
		"a pattern, too short":     {"GET", "/v1/shelves/1/books", nil, wire.No},
		"a rest":                   {"GET", "/v1/files/a/b/c", nil, wire.Yes},
		"a rest of nothing":        {"GET", "/v1/files", nil, wire.Yes},
		"a rest with a slash":      {"GET", "/v1/files/a/", nil, wire.Yes},
		"a verb":                   {"POST", "/v1/shelves/1:archive", nil, wire.Yes},
		"another verb":             {"POST", "/v1/shelves/1:burn", nil, wire.No},
		"an escaped colon":         {"POST", "/v1/shelves/1%3Aarchive", nil, wire.No},
		"a verb after nothing":     {"POST", "/v1/shelves/:archive", nil, wire.No},
		"a verb by a wrong method": {"GET", "/v1/shelves/1:archive", nil, wire.Maybe},
	} {
		x := request(test.method, test.path, "", test.fields...)
		assert.Equal(t, newServer().Match(&x.request, nil), test.want, name)
	}
}

func TestServe(t *testing.T) {
	long := strings.Repeat("x", 4<<20+1)
	for name, test := range map[string]struct {
		x      *exchange
		status int
		want   string // in the body
	}{
		"pattern":            {request("GET", "/v1/shelves/1/books/2", ""), 200, `{"name":"shelves/1/books/2"}`},
		"pattern, decoded":   {request("GET", "/v1/shelves/a%20b/books/%C3%BC%2Fc%2fd", ""), 200, `{"name":"shelves/a b/books/ü%2Fc%2fd"}`},
		"not decoded twice":  {request("GET", "/v1/shelves/%252F/books/+", ""), 200, `{"name":"shelves/%2F/books/+"}`},
		"one segment":        {request("GET", "/v1/inner/a%2Fb%20c", ""), 200, `{"inner":{"name":"a/b c"}}`},
		"rest":               {request("GET", "/v1/files/a/b%20c//d/", ""), 200, `{"name":"a/b c//d/"}`},
		"rest of nothing":    {request("GET", "/v1/files", ""), 200, `{}`},
		"numbers":            {request("GET", "/v1/numbers/-7/GREEN", ""), 200, `{"int32":-7,"color":"GREEN"}`},
		"times":              {request("GET", "/v1/times/2026-11-21T10:00:00.5Z/x", ""), 200, `{"time":"2026-11-21T10:00:00.500Z","textValue":"x"}`},
		"verb":               {request("POST", "/v1/shelves/1:archive", `{"text":"x"}`, "content-type", asJSON), 200, `{"name":"shelves/1","text":"x"}`},
		"verb, twice":        {request("POST", "/v1/shelves/a:b:archive", `{}`, "content-type", asJSON), 200, `{"name":"shelves/a:b"}`},
		"colon but no verb":  {request("GET", "/v1/shelves/1/books/2:x", ``), 200, `{"name":"shelves/1/books/2:x"}`},
		"custom method":      {request("SEARCH", "/v1/all?name=x", ``), 200, `{"name":"x"}`},
		"path before body":   {request("POST", "/v1/shelves/1:archive", `{"name":"x"}`, "content-type", asJSON), 200, `{"name":"shelves/1"}`},
		"a bad number":       {request("GET", "/v1/numbers/x/RED", ""), 400, `{int32} in the path /v1/numbers/{int32}/{color}: \"x\" is not an integer of 32 bits`},
		"a bad enum":         {request("GET", "/v1/numbers/1/PINK", ""), 400, `\"PINK\" is not the name or number of one of NONE, RED, GREEN`},
		"a bad time":         {request("GET", "/v1/times/now/x", ""), 400, `\"now\" is not a Timestamp as JSON has it: 2006-01-02T15:04:05Z`},
		"not UTF-8":          {request("GET", "/v1/inner/%ff", ""), 400, `is not UTF-8`},
		"no handler's reply": {request("DELETE", "/v1/all/x", ""), 404, `{"code":5,"message":"no x"}`},

		"body":               {request("POST", "/v1/all", `{"name":"x","int64":"7"}`, "content-type", asJSON), 200, `{"name":"x","int64":"7"}`},
		"body, charset":      {request("POST", "/v1/all", `{"name":"x"}`, "content-type", "Application/JSON; charset=utf-8"), 200, `{"name":"x"}`},
		"body by curl -d":    {request("POST", "/v1/all", `{"name":"x"}`, "content-type", "application/x-www-form-urlencoded"), 200, `{"name":"x"}`},
		"no body":            {request("POST", "/v1/all", ``), 200, `{}`},
		"body, field":        {request("PATCH", "/v1/all/a?int32=3", `{"name":"x"}`, "content-type", asJSON), 200, `{"name":"a","int32":3,"inner":{"name":"x"}}`},
		"body, list":         {request("PUT", "/v1/all/a/texts", ` ["x","y"] `, "content-type", asJSON), 200, `{"name":"a","texts":["x","y"]}`},
		"body, scalar":       {request("PUT", "/v1/all/a/int64", `"7"`, "content-type", asJSON), 200, `"7"`},
		"body, unknown keys": {request("POST", "/v1/all", `{"nme":"x"}`, "content-type", asJSON), 200, `{}`},
		"bad JSON":           {request("POST", "/v1/all", `{"name":x}`, "content-type", asJSON), 400, `(line 1:9)`},
		"bad JSON, field":    {request("PATCH", "/v1/all/a", `{"name"`, "content-type", asJSON), 400, `unexpected EOF`},
		"bad JSON, list":     {request("PUT", "/v1/all/a/texts", `["x",}`, "content-type", asJSON), 400, `byte 6: invalid character`},
		"smuggled JSON":      {request("PUT", "/v1/all/a/texts", `["x"],"int32":7`, "content-type", asJSON), 400, `byte 6: invalid character`},
		"wrong JSON":         {request("PUT", "/v1/all/a/texts", `"x"`, "content-type", asJSON), 400, `decode the body`},
		"deep JSON":          {request("POST", "/v1/all", strings.Repeat("[", 1_000_000), "content-type", asJSON), 400, `decode the body`},
		"deep JSON, list":    {request("PUT", "/v1/all/a/texts", strings.Repeat("[", 1_000_000), "content-type", asJSON), 400, `decode the body`},
		"wrong type":         {request("POST", "/v1/all", `{}`, "content-type", "text/plain"), 415, `takes a body of the content type application/json, not \"text/plain\"`},
		"form by a browser":  {request("POST", "/v1/all", `{}`, "content-type", "application/x-www-form-urlencoded", "origin", "https://evil.example"), 415, asJSON},
		"wrong encoding":     {request("POST", "/v1/all", `{}`, "content-type", asJSON, "content-encoding", "br"), 415, `known here: gzip, identity`},
		"not gzip":           {request("POST", "/v1/all", `{}`, "content-type", asJSON, "content-encoding", "gzip"), 400, `the request's body: gzip`},
		"large body":         {request("POST", "/v1/all", long, "content-type", asJSON), 413, `message of 4194305 bytes is larger than the 4194304`},
		"bad timeout":        {request("GET", "/v1/all", "", "grpc-timeout", "1x"), 400, `grpc-timeout`},
		"bad timeout in ms":  {request("GET", "/v1/all", "", "connect-timeout-ms", "1s"), 400, `connect-timeout-ms`},
		"bad header":         {request("GET", "/v1/all", "", "x-bin", "!"), 400, `x-bin`},
		"large header":       {request("GET", "/v1/all", "", "x", strings.Repeat("x", 16<<10)), 429, `more than the 16384 allowed`},
		"wrong method":       {request("PUT", "/v1/all", ""), 405, `/v1/all is called by SEARCH, GET, POST, not by PUT`},
		"no route":           {request("GET", "/v1/none", ""), 404, `no route for GET /v1/none`},
		"stream, unasked":    {request("GET", "/v1/watch/x", "", "accept", "*/*"), 406, `Accept: text/event-stream`},
		"requests' stream":   {request("POST", "/v1/chat", "{}", "content-type", asJSON), 501, `test.v1.Routes/Chat is a bidi method`},

		"part, message":        {request("GET", "/v1/part/inner?inner.name=x", ""), 200, `{"name":"x"}`},
		"part, no message":     {request("GET", "/v1/part/inner", ""), 200, `{}`},
		"part, list":           {request("GET", "/v1/part/texts?texts=x&texts=y", ""), 200, `["x","y"]`},
		"part, no list":        {request("GET", "/v1/part/texts", ""), 200, `[]`},
		"part, no map":         {request("GET", "/v1/part/counts", ""), 200, `{}`},
		"part, 64 bits":        {request("GET", "/v1/part/int64?int64=7", ""), 200, `"7"`},
		"part, no 64 bits":     {request("GET", "/v1/part/int64", ""), 200, `"0"`},
		"part, no bool":        {request("GET", "/v1/part/bool", ""), 200, `false`},
		"part, enum":           {request("GET", "/v1/part/color?color=RED", ""), 200, `"RED"`},
		"part, no enum":        {request("GET", "/v1/part/color", ""), 200, `"NONE"`},
		"part, no text":        {request("GET", "/v1/part/text", ""), 200, `""`},
		"part, nothing":        {request("GET", "/v1/part/optional", ""), 200, `null`},
		"part, empty":          {request("GET", "/v1/part/optional?optional=", ""), 200, `""`},
		"part, no number":      {request("GET", "/v1/part/double", ""), 200, `0`},
		"part, number":         {request("GET", "/v1/part/double?double=1.5", ""), 200, `1.5`},
		"upload":               {request("PUT", "/v1/uploads/x/size", "\xff\xfe", "content-type", "image/png"), 200, `"2"`},
		"details":              {request("GET", "/v1/fail/9", ""), 400, `{"code":9,"message":"a \u003cbug\u003e","details":[{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"},{"@type":"acme.example/Egg","value":"/wA="}]}`},
		"a code without a row": {request("GET", "/v1/fail/2", ""), 500, `"code":2`},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, test.x)
			body := strings.TrimSuffix(test.x.reply.String(), "\n")
			assert.Equal(t, test.x.status, test.status, body)
			assert.Equal(t, test.x.fields.Get("content-type"), asJSON)
			if test.status == 200 {
				assert.Equal(t, body, test.want)
			}
			assert.Contains(t, body, test.want)
			assert.True(t, test.x.ended && test.x.reset == nil, "the response has its proper end")
			switch test.status {
			case 405:
				assert.Equal(t, test.x.fields.Get("allow"), "SEARCH, GET, POST")
			case 415:
				assert.True(t, test.x.fields.Get("accept-post") == asJSON || test.x.fields.Get("accept-encoding") == "gzip")
			}
		})
	}
}

func TestServeAnyMethod(t *testing.T) {
	for _, method := range []string{"GET", "BREW"} {
		x := request(method, "/v1/any?name=x", "")
		serve(t, x)
		assert.Equal(t, x.reply.String(), `{"name":"x"}`)
	}
}

func TestServeMetadata(t *testing.T) {
	x := request("GET", "/v1/any", "", "x-bird", "curlew", "x-egg-bin", "AP8=", "grpc-timeout", "59M")
	serve(t, x)
	assert.Equal(t, x.fields, wire.Fields{
		{Name: "x-bird", Value: "curlew"}, {Name: "x-egg-bin", Value: "AP8"}, {Name: "trailer-x-end-bin", Value: "/wA"},
		{Name: "trailer-x-left", Value: "59m0s"}, {Name: "content-type", Value: asJSON}, {Name: "content-length", Value: "2"},
	})
	x = request("GET", "/v1/any", "", "connect-timeout-ms", "3600000")
	serve(t, x)
	assert.Equal(t, x.fields.Get("trailer-x-left"), "1h0m0s")

	x = request("GET", "/v1/any", "")
	x.request.Limits.MaxHeader = 40
	d := newDispatcher(t, dispatch.Config{})
	newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
	assert.Equal(t, x.status, 500)
	assert.Contains(t, x.reply.String(), "MaxHeader")
}

func TestServeRaw(t *testing.T) {
	for accept, want := range map[string]string{"text/html": "text/html", "": "application/octet-stream"} {
		x := request("GET", "/v1/downloads/x?text="+accept, "")
		serve(t, x)
		assert.Equal(t, x.reply.String(), "<x>")
		assert.Equal(t, x.fields.Get("content-type"), want)
		assert.Equal(t, x.status, 200)
	}
	x := request("GET", "/v1/downloads/x?text=text/html%0d%0ax:y", "")
	serve(t, x)
	assert.Equal(t, x.status, 500)
	assert.Contains(t, x.reply.String(), "content_type")

	x = request("PUT", "/v1/uploads/x", "\xff\xfe", "content-type", "image/png")
	serve(t, x)
	assert.Equal(t, x.reply.String(), "\xff\xfe")
	assert.Equal(t, x.fields.Get("content-type"), "image/png")
}

func TestServeCompressed(t *testing.T) {
	packed, err := compress.Gzip().Compress(nil, []byte(`{"text":"`+strings.Repeat("curlew ", 1000)+`"}`))
	assert.NoError(t, err)
	for accepts, want := range map[string]string{"gzip, br": "gzip", "": "", "gzip;q=0": ""} {
		x := request("POST", "/v1/all", string(packed), "content-type", asJSON, "content-encoding", "gzip", "accept-encoding", accepts)
		serve(t, x)
		assert.Equal(t, x.status, 200)
		assert.Equal(t, x.fields.Get("content-encoding"), want)
		assert.Equal(t, x.fields.Get("vary"), "accept-encoding")
		text := x.reply.Bytes()
		if want != "" {
			text, err = compress.Gzip().Decompress(nil, text, 10_000)
			assert.NoError(t, err)
		}
		assert.Contains(t, string(text), "curlew curlew")
	}

	x := request("POST", "/v1/all", string(packed), "content-type", asJSON, "content-encoding", "gzip")
	x.request.Limits.MaxReceive = 1000
	serve(t, x)
	assert.Equal(t, x.status, 413)
	assert.Contains(t, x.reply.String(), "more than 1000 inflated")
}

func TestServeLimits(t *testing.T) {
	x := request("GET", "/v1/all?name=xxxxxxxx", "")
	x.request.Limits.MaxSend = 10
	serve(t, x)
	assert.Equal(t, x.status, 429)
	assert.Contains(t, x.reply.String(), "larger than the 10 that may be sent")

	d := newDispatcher(t, dispatch.Config{Methods: map[string]dispatch.MethodConfig{"test.v1.Routes/*": {MaxReceive: 5, MaxSend: 10}}})
	for _, x := range []*exchange{request("GET", "/v1/all?name=xxxxxxxx", ""), request("POST", "/v1/all", `{"a":1}`, "content-type", asJSON)} {
		newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		assert.Contains(t, x.reply.String(), "is larger than the")
	}
}

func TestServeBroken(t *testing.T) {
	x := request("POST", "/v1/all", "", "content-type", asJSON)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x.request.Length = -1
	newServer().Serve(ctx, x, httpwire.Waiting{Dispatcher: newDispatcher(t, dispatch.Config{})})
	assert.Equal(t, x.status, 499)

	x = request("GET", "/v1/all", "")
	x.broken = curlew.Unavailable
	serve(t, x)
	assert.ErrorIs(t, x.reset, curlew.Unavailable)
}

func TestServicesChange(t *testing.T) {
	var registered []*curlew.Service
	s := jsonhttp.NewServer(func() []*curlew.Service { return registered }, json.New())
	x := request("GET", "/v1/all", "")
	assert.Equal(t, s.Match(&x.request, nil), wire.No)
	registered = services()
	assert.Equal(t, s.Match(&x.request, nil), wire.Yes)
	registered = []*curlew.Service{registered[0].Rename("test.v1.Other")}
	assert.Equal(t, s.Match(&x.request, nil), wire.No)
}

func TestCheck(t *testing.T) {
	assert.NoError(t, jsonhttp.Check(services()...))
	plain := curlew.NewService("test.v1.Routes", curlew.Unary("Get", func(_ context.Context, in *int) (*int, error) { return in, nil }))
	assert.NoError(t, jsonhttp.Check(plain))

	var methods []*curlew.Method
	for _, name := range []string{"Template", "Field", "Repeated", "Message", "Body", "ResponseBody", "First", "Second", "Nothing", "Nested"} {
		methods = append(methods, curlew.Unary(name, echo))
	}
	wrong := curlew.NewService("test.v1.Wrong", methods...)
	err := jsonhttp.Check(wrong)
	for _, want := range []string{
		"GET /w/{name of test.v1.Wrong/Template: a variable has no closing brace",
		`variable {nme}: test.v1.Everything has no field "nme"; it has name, int32,`,
		"variable {texts}: texts is repeated",
		"variable {inner}: inner is a message, test.v1.Inner",
		`body: test.v1.Everything has no field "outer"`,
		`response_body: test.v1.Everything has no field "outer"`,
		"GET /w/same/{text} of test.v1.Wrong/Second takes the same requests as GET /w/same/{name} of test.v1.Wrong/First",
		"test.v1.Wrong/Nothing: the google.api.http annotation: it has no HTTP method and path",
		"additional_bindings have additional_bindings of their own",
	} {
		assert.True(t, err != nil && strings.Contains(err.Error(), want), want, err)
	}

	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	assert.NoError(t, d.Register(wrong))
	s := jsonhttp.NewServer(d.Services, json.New())
	for path, want := range map[string]string{"/w/same/x": "takes the same requests", "/w/field/x": "has no field"} {
		x := request("GET", path, "")
		assert.Equal(t, s.Match(&x.request, d), wire.Yes)
		s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		assert.Equal(t, x.status, 500)
		assert.Contains(t, x.reply.String(), want)
	}
}

// TestStreamMethods is of what handlers seldom ask of a stream.
func TestStreamMethods(t *testing.T) {
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(t, err)
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	unary := func(ctx context.Context, in *Everything) (*Everything, error) {
		call := curlew.CallFrom(ctx)
		s := call.Stream()
		header, err := s.Header(ctx)
		assert.NoError(t, err)
		assert.Equal(t, header.Get("x-bird"), "curlew")
		assert.Equal(t, s.Trailer().Len(), 0)
		assert.Equal(t, s.Receive(ctx, new(Everything)), io.EOF)
		assert.ErrorIs(t, s.Send(ctx, in), curlew.Internal)
		assert.NoError(t, errors.Join(call.SendHeader(ctx), s.CloseSend(), s.Close()))
		return in, nil
	}
	events := func(ctx context.Context, in *Everything, replies curlew.Sender[Everything]) error {
		call := curlew.CallFrom(ctx)
		call.ReplyHeader().Add("x-bird", "curlew")
		assert.NoError(t, errors.Join(call.SendHeader(ctx), call.SendHeader(ctx)))
		call.ReplyHeader().Add("x-late", "1")
		call.ReplyTrailer().Add("x-sum", " ")
		return curlew.NotFound
	}
	assert.NoError(t, d.Register(curlew.NewService("test.v1.Routes", curlew.Unary("List", unary), curlew.ServerStream("Watch", events))))
	s := jsonhttp.NewServer(d.Services, json.New())
	assert.Equal(t, s.Name(), "jsonhttp")

	x := request("GET", "/v1/all?name=x", "", "x-bird", "curlew")
	s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
	assert.Equal(t, x.reply.String(), `{"name":"x"}`)

	x = request("GET", "/v1/watch/x", "", "accept", "text/event-stream")
	s.Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
	assert.Equal(t, x.status, 200, "an error after the header is an event")
	assert.Equal(t, x.flushes, 1)
	assert.Equal(t, x.fields.Get("x-bird"), "curlew")
	assert.Equal(t, x.fields.Get("x-late"), "")
	assert.Equal(t, x.reply.String(), "event: error\ndata: {\"code\":5,\"message\":\"not_found\"}\n\n")
}

// TestServeOtherTypes is of a service whose Go types are not those of its .proto
// file.
func TestServeOtherTypes(t *testing.T) {
	for name, handler := range map[string]curlew.Handler{
		"the request is of type *int": func(ctx context.Context, call *curlew.Call) error { return call.RequestInto(new(int)) },
		"it is of type int":           func(ctx context.Context, call *curlew.Call) error { return call.SetReply(7) },
	} {
		d, err := dispatch.New(dispatch.Config{})
		assert.NoError(t, err)
		t.Cleanup(func() { d.Shutdown(context.Background()) })
		known := curlew.Unary("Get", echo) // its message leads to the descriptors
		assert.NoError(t, d.Register(curlew.NewService("test.v1.Routes", known, curlew.NewMethod("List", curlew.KindUnary, handler))))
		x := request("GET", "/v1/all", "")
		jsonhttp.NewServer(d.Services, json.New()).Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
		assert.Equal(t, x.status, 500)
		assert.Contains(t, x.reply.String(), name)
	}
}
