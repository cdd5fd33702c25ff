// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

func TestMain(m *testing.M) { assert.Main(m) }

type Args struct{ A, B int }

type Product struct{ C int }

type Text struct{ Value string }

// arith returns a dispatcher with services to call.
func arith(t testing.TB) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{Methods: map[string]dispatch.MethodConfig{"Arith/Short": {MaxReceive: 10, MaxSend: 20}}})
	assert.NoError(t, err)
	multiply := func(_ context.Context, in *Args) (*Product, error) { return &Product{in.A * in.B}, nil }
	assert.NoError(t, d.Register(curlew.NewService("Arith",
		curlew.Unary("Multiply", multiply),
		curlew.Unary("Short", func(_ context.Context, in *Text) (*Text, error) { return &Text{in.Value + in.Value}, nil }),
		curlew.Unary("Repeat", func(_ context.Context, in *Text) (*Text, error) {
			return &Text{string(bytes.Repeat([]byte(in.Value), 2000))}, nil
		}),
		curlew.Unary("Divide", func(_ context.Context, in *Args) (*Product, error) {
			detail, err := curlew.NewDetail(durationpb.New(7))
			assert.NoError(t, err)
			return nil, curlew.NewError(curlew.FailedPrecondition, "divide by zero").WithDetails(detail)
		}),
		curlew.Unary("Metadata", func(ctx context.Context, in *Args) (*Product, error) {
			call := curlew.CallFrom(ctx)
			for key, value := range call.Header().All() {
				call.ReplyHeader().Add(key, value)
			}
			call.ReplyTrailer().Add("x-end-bin", "\xff\x00")
			assert.NoError(t, call.SendHeader(ctx))
			if in.A > 0 {
				call.ReplyHeader().Add("connection", "close")
			}
			return &Product{}, nil
		}),
		curlew.Unary("Panic", func(context.Context, *Args) (*Product, error) { panic("a bug") }),
		curlew.Unary("Wait", func(ctx context.Context, _ *Args) (*Product, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}),
		curlew.ServerStream("Count", func(context.Context, *Args, curlew.Sender[Product]) error { return nil }),
	)))
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	return d
}

// exchange is a wire.Exchange with a request and a place for the response.
type exchange struct {
	request wire.HTTPRequest
	body    io.Reader
	status  int
	fields  wire.Fields
	reply   bytes.Buffer
	ended   bool
	reset   error
	broken  error // of writes
}

// post returns a request as curl and others make it.
func post(path, body string, fields ...string) *exchange {
	x := &exchange{body: bytes.NewReader([]byte(body))}
	x.request = wire.HTTPRequest{
		Method: "POST", Path: path, Major: 1, Minor: 1, Length: int64(len(body)),
		Peer: &curlew.Peer{}, Limits: wire.Limits{}.WithDefaults(),
	}
	for i := 0; i < len(fields); i += 2 {
		x.request.Fields.Add(fields[i], fields[i+1])
	}
	return x
}

func (x *exchange) Request() *wire.HTTPRequest { return &x.request }

func (x *exchange) Read(ctx context.Context, p []byte) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return x.body.Read(p)
}

func (x *exchange) Respond(status int, fields wire.Fields) error {
	if x.status != 0 {
		return errors.New("a second response")
	}
	x.status, x.fields = status, fields
	return x.broken
}

func (x *exchange) Write(_ context.Context, p []byte) (int, error) { return x.reply.Write(p) }
func (x *exchange) Flush() error                                   { return nil }
func (x *exchange) Reset(cause error)                              { x.reset = cause }
func (x *exchange) Attach(*wire.Incoming)                          {}

func (x *exchange) End(last []byte, trailers wire.Fields) error {
	x.reply.Write(last)
	if x.ended || len(trailers) > 0 {
		return errors.New("a second end, or one with trailers")
	}
	x.ended = true
	return nil
}

func newServer() *connect.Server { return connect.NewServer([]curlew.Codec{json.New(), proto.New()}) }

// serve has the server answer x.
func serve(t testing.TB, x *exchange) {
	t.Helper()
	newServer().Serve(t.Context(), x, httpwire.Waiting{Dispatcher: arith(t)})
}
