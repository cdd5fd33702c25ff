// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
)

// transport is a wire.HTTPTransport whose server is a function.
type transport struct {
	wire.HTTPTransport
	exchange *clientExchange // the last
	answer   func(r *wire.HTTPRequest, body string) (status int, fields wire.Fields, reply string, err error)
}

func (tr *transport) Do(_ context.Context, r *wire.HTTPRequest) (wire.ClientExchange, error) {
	tr.exchange = &clientExchange{transport: tr, request: r}
	return tr.exchange, nil
}

type clientExchange struct {
	transport *transport
	request   *wire.HTTPRequest
	sent      strings.Builder
	closed    bool
	reply     io.Reader
	reset     int
}

func (x *clientExchange) Write(_ context.Context, p []byte) (int, error) { return x.sent.Write(p) }
func (x *clientExchange) CloseWrite() error                              { x.closed = true; return nil }
func (x *clientExchange) Trailers() wire.Fields                          { return nil }
func (x *clientExchange) Peer() *curlew.Peer                             { return &curlew.Peer{Protocol: "fake"} }
func (x *clientExchange) Reset(error)                                    { x.reset++ }

func (x *clientExchange) Response(context.Context) (int, wire.Fields, error) {
	if !x.closed || int64(x.sent.Len()) != x.request.Length {
		return 0, nil, errors.New("the request is not whole")
	}
	status, fields, reply, err := x.transport.answer(x.request, x.sent.String())
	x.reply = strings.NewReader(reply)
	return status, fields, err
}

func (x *clientExchange) Read(_ context.Context, p []byte) (int, error) { return x.reply.Read(p) }

// session connects to a server that is a function.
func session(t *testing.T, answer func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error)) wire.Session {
	t.Helper()
	dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) {
		return &transport{answer: answer}, nil
	}
	s, err := connect.NewClient(dial, json.New()).Connect(t.Context(), &wire.Remote{Address: "there:1", Authority: "there"})
	assert.NoError(t, err)
	return s
}

func multiply() *curlew.Method { return curlew.Unary[Args, Product]("Arith/Multiply", nil) }

func TestClientRequest(t *testing.T) {
	var got *wire.HTTPRequest
	s := session(t, func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error) {
		got = r
		assert.Equal(t, body, `{"A":7,"B":8}`)
		return 200, wire.Fields{
			{Name: "content-type", Value: asJSON}, {Name: "x-bird", Value: "curlew"}, {Name: "trailer-x-end-bin", Value: "/wA="}, {Name: "date", Value: "now"},
		}, `{"C":56}`, nil
	})
	var product Product
	var header, trailer curlew.Header
	var peer curlew.Peer
	err := wire.NewCaller(s).Invoke(t.Context(), multiply(), &Args{7, 8}, &product,
		curlew.WithHeader("x-egg-bin", "\x00"), curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer), curlew.CapturePeer(&peer))
	assert.NoError(t, err)
	assert.Equal(t, product.C, 56)
	assert.Equal(t, *got, wire.HTTPRequest{
		Method: "POST", Scheme: "http", Authority: "there", Path: "/Arith/Multiply", Length: 13,
		Fields: wire.Fields{
			{Name: "x-egg-bin", Value: "AA"}, {Name: "user-agent", Value: "curlew"},
			{Name: "content-type", Value: asJSON}, {Name: "content-length", Value: "13"}, {Name: "connect-protocol-version", Value: "1"},
		},
	})
	assert.Equal(t, header, curlew.NewHeader("x-bird", "curlew"))
	assert.Equal(t, trailer, curlew.NewHeader("x-end-bin", "\xff\x00"))
	assert.Equal(t, peer.Protocol, "connect")
}

func TestClientCodecs(t *testing.T) {
	for name, test := range map[string]struct {
		of   curlew.Codec // of the remote
		opts []curlew.CallOption
		want string
	}{
		"its own":      {nil, nil, "application/json"},
		"the call's":   {nil, []curlew.CallOption{curlew.WithCodec(proto.New())}, "application/proto"},
		"the remote's": {proto.New(), nil, "application/proto"},
	} {
		dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) {
			return &transport{answer: func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error) {
				assert.Equal(t, r.Fields.Get("content-type"), test.want, name)
				return 500, nil, "", nil
			}}, nil
		}
		s, err := connect.NewClient(dial, json.New()).Connect(t.Context(), &wire.Remote{Codec: test.of})
		assert.NoError(t, err)
		err = wire.NewCaller(s).Invoke(t.Context(), multiply(), &Args{7, 8}, new(Product), test.opts...)
		assert.ErrorIs(t, err, curlew.Unknown)
	}
}

// TestClientGzip: who asks for compression gets it, whatever the size.
func TestClientGzip(t *testing.T) {
	gzip := compress.Gzip()
	for _, size := range []int{10_000, 0} {
		s := session(t, func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error) {
			assert.Equal(t, r.Fields.Get("accept-encoding"), "gzip")
			assert.Equal(t, r.Fields.Get("content-encoding"), "gzip")
			plain, err := gzip.Decompress(nil, []byte(body), 1<<20)
			assert.NoError(t, err)
			packed, err := gzip.Compress(nil, plain)
			assert.NoError(t, err)
			return 200, wire.Fields{{Name: "content-type", Value: asJSON}, {Name: "content-encoding", Value: "gzip"}}, string(packed), nil
		})
		sent, got := Text{strings.Repeat("x", size)}, Text{}
		m := curlew.Unary[Text, Text]("Arith/Repeat", nil)
		assert.NoError(t, wire.NewCaller(s).Invoke(t.Context(), m, &sent, &got, curlew.WithCompression("gzip")))
		assert.Equal(t, got, sent)
	}
}

// TestClientGet: methods without side effects are called by GET if that was
// asked for and the URL is not too long.
func TestClientGet(t *testing.T) {
	pure := curlew.Unary[Args, Product]("Arith/Multiply", nil, curlew.NoSideEffects)
	for name, test := range map[string]struct {
		method *curlew.Method
		a      int
		bird   string
		opts   []curlew.CallOption
		verb   string
		query  string
	}{
		"JSON":         {pure, 7, "a b&c", nil, "GET", "connect=v1&encoding=json&message=%7B%22A%22%3A7%2C%22Bird%22%3A%22a+b%26c%22%7D"},
		"protobuf":     {pure, 7, "", []curlew.CallOption{curlew.WithCodec(proto.New())}, "GET", "connect=v1&base64=1&encoding=proto&message=CAc"},
		"side effects": {multiply(), 7, "", nil, "POST", ""},
		"too long":     {pure, 7, strings.Repeat("x", 9000), nil, "POST", ""},
	} {
		var got *wire.HTTPRequest
		dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) {
			return &transport{answer: func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error) {
				got = r
				assert.Equal(t, body == "", r.Method == "GET", name)
				return 200, wire.Fields{{Name: "content-type", Value: r.Fields.Get("accept")}}, "", nil
			}}, nil
		}
		s, err := connect.NewClient(dial, json.New()).WithGet().Connect(t.Context(), new(wire.Remote))
		assert.NoError(t, err)
		type named struct {
			A    int
			Bird string
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		err = wire.NewCaller(s).Invoke(ctx, test.method, &named{test.a, test.bird}, new(Product), test.opts...)
		cancel()
		assert.ErrorIs(t, err, curlew.Unknown) // there is no content type
		assert.Equal(t, got.Method, test.verb, name)
		assert.Equal(t, got.RawQuery, test.query, name)
		assert.Equal(t, got.Fields.Get("content-type") == "", got.Method == "GET", name)
		assert.Equal(t, got.Fields.Get("connect-timeout-ms") != "", true, name)
	}
	packed := session(t, func(r *wire.HTTPRequest, body string) (int, wire.Fields, string, error) {
		assert.Equal(t, r.Method, "POST", "nobody asked for GET")
		return 500, nil, "", nil
	})
	assert.ErrorIs(t, wire.NewCaller(packed).Invoke(t.Context(), pure, &Args{}, new(Product)), curlew.Unknown)
}

// TestClientGetCompressed: the parameters stand in the order that the
// specification recommends.
func TestClientGetCompressed(t *testing.T) {
	gzip := compress.Gzip()
	dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) {
		return &transport{answer: func(r *wire.HTTPRequest, _ string) (int, wire.Fields, string, error) {
			head, message, _ := strings.Cut(r.RawQuery, "&message=")
			assert.Equal(t, head, "connect=v1&base64=1&compression=gzip&encoding=json")
			packed, err := base64.RawURLEncoding.DecodeString(message)
			assert.NoError(t, err)
			plain, err := gzip.Decompress(nil, packed, 1000)
			assert.NoError(t, err)
			assert.Equal(t, string(plain), `{"A":7}`)
			return 200, wire.Fields{{Name: "content-type", Value: asJSON}}, `{"C":5}`, nil
		}}, nil
	}
	s, err := connect.NewClient(dial, json.New()).WithGet().Connect(t.Context(), new(wire.Remote))
	assert.NoError(t, err)
	pure := curlew.Unary[Args, Product]("Arith/Multiply", nil, curlew.NoSideEffects)
	assert.NoError(t, wire.NewCaller(s).Invoke(t.Context(), pure, &Args{A: 7}, new(Product), curlew.WithCompression("gzip")))
}

func TestClientReplies(t *testing.T) {
	typed := wire.Fields{{Name: "content-type", Value: asJSON}}
	with := func(name, value string) wire.Fields { return append(typed[:1:1], wire.Field{Name: name, Value: value}) }
	for name, test := range map[string]struct {
		status int
		fields wire.Fields
		body   string
		code   curlew.Code
		origin curlew.Origin
		says   string
	}{
		"error":                 {400, typed, `{"code":"out_of_range","message":"too far"}`, curlew.OutOfRange, curlew.OriginServer, "too far"},
		"page of a proxy":       {502, wire.Fields{{Name: "content-type", Value: "text/html"}}, "<html>", curlew.Unavailable, curlew.OriginServer, "there:1"},
		"redirect":              {302, nil, "", curlew.Unknown, curlew.OriginServer, "302"},
		"status that is no end": {204, nil, "", curlew.Unknown, curlew.OriginServer, "204"},
		"another type":          {200, wire.Fields{{Name: "content-type", Value: "text/html"}}, "<html>", curlew.Unknown, curlew.OriginLocal, "text/html"},
		"another codec":         {200, wire.Fields{{Name: "content-type", Value: "application/proto"}}, "", curlew.Internal, curlew.OriginLocal, "application/proto"},
		"no type":               {200, nil, "{}", curlew.Unknown, curlew.OriginLocal, "content type"},
		"not JSON":              {200, typed, "{", curlew.Internal, curlew.OriginLocal, "decode as json"},
		"bad header":            {200, with("x-bin", "!"), "{}", curlew.Internal, curlew.OriginLocal, "x-bin"},
		"unknown encoding":      {200, with("content-encoding", "br"), "{}", curlew.Internal, curlew.OriginLocal, "br"},
		"not gzip":              {200, with("content-encoding", "gzip"), "{}", curlew.Internal, curlew.OriginLocal, "gzip"},
		"too large, as it says": {200, with("content-length", "5000000"), "{}", curlew.ResourceExhausted, curlew.OriginLocal, "5000000 bytes"},
		"too large":             {200, typed, strings.Repeat(" ", 4<<20+1), curlew.ResourceExhausted, curlew.OriginLocal, "more than 4194304"},
	} {
		t.Run(name, func(t *testing.T) {
			s := session(t, func(*wire.HTTPRequest, string) (int, wire.Fields, string, error) {
				return test.status, test.fields, test.body, nil
			})
			err := wire.NewCaller(s).Invoke(t.Context(), multiply(), &Args{}, new(Product))
			e := assert.ErrorAs[*curlew.Error](t, err)
			assert.Equal(t, e.Code(), test.code, err)
			assert.Equal(t, e.Origin(), test.origin)
			assert.Contains(t, e.Error(), test.says)
		})
	}
	s := session(t, func(*wire.HTTPRequest, string) (int, wire.Fields, string, error) {
		return 200, wire.Fields{{Name: "content-type", Value: asJSON + "; charset=utf-8"}}, "{}", nil
	})
	assert.NoError(t, wire.NewCaller(s).Invoke(t.Context(), multiply(), &Args{}, new(Product)), "a type with a parameter")
}

func TestClientRefuses(t *testing.T) {
	s := session(t, func(*wire.HTTPRequest, string) (int, wire.Fields, string, error) {
		t.Error("it was sent")
		return 500, nil, "", nil
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		method  *curlew.Method
		request any
		opts    []curlew.CallOption
		code    curlew.Code
		says    string
	}{
		"no message":      {t.Context(), multiply(), nil, nil, curlew.InvalidArgument, "nil"},
		"a large message": {t.Context(), multiply(), &Args{7, 8}, []curlew.CallOption{func(o *curlew.CallOptions) { o.MaxSend = 5 }}, curlew.ResourceExhausted, "13 bytes is larger than the 5"},
		"a large header":  {t.Context(), multiply(), &Args{}, []curlew.CallOption{curlew.WithHeader("x", strings.Repeat("x", 20_000))}, curlew.ResourceExhausted, "header"},
		"HTTP's header":   {t.Context(), multiply(), &Args{}, []curlew.CallOption{curlew.WithHeader("content-length", "7")}, curlew.InvalidArgument, "content-length"},
		"a bad header":    {t.Context(), multiply(), &Args{}, []curlew.CallOption{curlew.WithHeader("x y", "7")}, curlew.InvalidArgument, "x y"},
		"a late call":     {ended, multiply(), &Args{}, nil, curlew.Canceled, "canceled"},
		"a bad type":      {t.Context(), curlew.Unary[func(), Product]("Arith/Bad", nil), new(func()), nil, curlew.Unimplemented, "json"},
	} {
		err := wire.NewCaller(s).Invoke(test.ctx, test.method, test.request, new(Product), test.opts...)
		e := assert.ErrorAs[*curlew.Error](t, err, name)
		assert.Equal(t, e.Code(), test.code, name, err)
		assert.Equal(t, e.Progress(), curlew.NotSent, name)
		assert.Contains(t, e.Error(), test.says, name)
	}
}

// TestClientStream: what a unary call's stream does beyond Wait and Receive.
func TestClientStream(t *testing.T) {
	open := func() wire.ClientStream {
		s := session(t, func(*wire.HTTPRequest, string) (int, wire.Fields, string, error) {
			return 200, wire.Fields{{Name: "content-type", Value: asJSON}, {Name: "x-bird", Value: "curlew"}}, `{"C":56}`, nil
		})
		var call curlew.Call
		call.BeginClient(t.Context(), multiply(), new(curlew.CallOptions), &Args{}, new(Product))
		stream, err := s.Open(t.Context(), &call)
		assert.NoError(t, err)
		return stream
	}
	stream, product := open(), Product{}
	h, err := stream.Header(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, h.Get("x-bird"), "curlew")
	assert.NoError(t, stream.CloseSend())
	assert.ErrorIs(t, stream.Send(t.Context(), &Args{}), curlew.Internal)
	assert.NoError(t, stream.Receive(t.Context(), &product))
	assert.Equal(t, product.C, 56)
	assert.Equal(t, stream.Receive(t.Context(), &product), io.EOF)
	assert.NoError(t, stream.Close())
	assert.NoError(t, stream.Close())

	stream = open() // dropped without a look
	assert.NoError(t, stream.Wait(t.Context()))
	assert.NoError(t, stream.Close())
	assert.ErrorIs(t, stream.Receive(t.Context(), &product), curlew.Canceled)

	stream = open() // closed before anybody has waited
	assert.NoError(t, stream.Close())
	assert.ErrorIs(t, stream.Wait(t.Context()), curlew.Canceled)
}

// TestClientReleases: an exchange is released once its response has been read.
func TestClientReleases(t *testing.T) {
	tr := &transport{answer: func(*wire.HTTPRequest, string) (int, wire.Fields, string, error) { return 500, nil, "", nil }}
	dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) { return tr, nil }
	s, err := connect.NewClient(dial, json.New()).Connect(t.Context(), new(wire.Remote))
	assert.NoError(t, err)
	var call curlew.Call
	call.BeginClient(t.Context(), multiply(), new(curlew.CallOptions), &Args{}, new(Product))
	stream, err := s.Open(t.Context(), &call)
	assert.NoError(t, err)
	assert.ErrorIs(t, stream.Wait(t.Context()), curlew.Unknown)
	assert.Equal(t, tr.exchange.reset, 1)
}

func TestClientCannotConnect(t *testing.T) {
	no := errors.New("no")
	dial := func(context.Context, *wire.Remote) (wire.HTTPTransport, error) { return nil, no }
	_, err := connect.NewClient(dial, json.New()).Connect(t.Context(), new(wire.Remote))
	assert.ErrorIs(t, err, no)
}
