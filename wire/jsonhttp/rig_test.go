// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
	"github.com/curlewrpc/curlew/wire/jsonhttp"
)

func TestMain(m *testing.M) { assert.Main(m) }

// files are the descriptors of testproto, on a registry of their own: options
// are unknown fields in them, as in a binary without googleapis.
var files = func() *protoregistry.Files {
	b, err := os.ReadFile("testproto/descriptors.binpb")
	if err != nil {
		panic(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(b, &set); err != nil {
		panic(err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		panic(err)
	}
	return files
}()

// view is a dynamic message as one of a Go type of its own.
type view struct {
	protoreflect.Message
	of proto.Message
}

func (v view) Interface() proto.Message { return v.of }

// dynamic is what the Go types of testproto's messages have in common.
type dynamic struct{ message protoreflect.Message }

func (d *dynamic) as(name protoreflect.FullName, m proto.Message) protoreflect.Message {
	if d.message == nil {
		descriptor, err := files.FindDescriptorByName(name)
		if err != nil {
			panic(err)
		}
		d.message = dynamicpb.NewMessage(descriptor.(protoreflect.MessageDescriptor))
	}
	return view{d.message, m}
}

type Everything struct{ dynamic dynamic }

func (e *Everything) ProtoReflect() protoreflect.Message {
	return e.dynamic.as("test.v1.Everything", e)
}

type File struct{ dynamic dynamic }

func (f *File) ProtoReflect() protoreflect.Message { return f.dynamic.as("test.v1.File", f) }

type HTTPBody struct{ dynamic dynamic }

func (b *HTTPBody) ProtoReflect() protoreflect.Message {
	return b.dynamic.as("google.api.HttpBody", b)
}

// get returns a field of a message as text.
func get(m proto.Message, name protoreflect.Name) string {
	p := m.ProtoReflect()
	return p.Get(p.Descriptor().Fields().ByName(name)).String()
}

func set(m proto.Message, name protoreflect.Name, value any) {
	p := m.ProtoReflect()
	p.Set(p.Descriptor().Fields().ByName(name), protoreflect.ValueOf(value))
}

func echo(_ context.Context, in *Everything) (*Everything, error) { return in, nil }

// services returns the service Routes.
func services() []*curlew.Service {
	return []*curlew.Service{curlew.NewService("test.v1.Routes",
		curlew.Unary("Get", echo),
		curlew.Unary("List", echo),
		curlew.Unary("Create", echo),
		curlew.Unary("Update", echo),
		curlew.Unary("Part", echo),
		curlew.Unary("Any", metadata),
		curlew.Unary("Hidden", echo),
		curlew.Unary("Delete", func(_ context.Context, in *Everything) (*emptypb.Empty, error) {
			return nil, curlew.Errorf(curlew.NotFound, "no %s", get(in, "name"))
		}),
		curlew.Unary("Upload", func(_ context.Context, in *File) (*File, error) {
			content := in.ProtoReflect().Mutable(in.ProtoReflect().Descriptor().Fields().ByName("content")).Message()
			set(in, "size", int64(len(content.Get(content.Descriptor().Fields().ByName("data")).Bytes())))
			return in, nil
		}),
		curlew.Unary("Download", func(_ context.Context, in *Everything) (*HTTPBody, error) {
			body := new(HTTPBody)
			set(body, "content_type", get(in, "text"))
			set(body, "data", []byte("<"+get(in, "name")+">"))
			return body, nil
		}),
		curlew.ServerStream("Watch", watch),
		curlew.BidiStream("Chat", func(context.Context, curlew.Bidi[Everything, Everything]) error { return nil }),
		curlew.Unary("Fail", func(_ context.Context, in *Everything) (*Everything, error) {
			known, err := curlew.NewDetail(durationpb.New(1500 * time.Millisecond))
			unknown := curlew.Detail{TypeURL: "acme.example/Egg", Value: []byte{0xff, 0}}
			code := in.ProtoReflect().Get(in.ProtoReflect().Descriptor().Fields().ByName("int32")).Int()
			if err != nil {
				return nil, err
			}
			return nil, curlew.NewError(curlew.Code(code), "a <bug>").WithDetails(known, unknown)
		}),
	)}
}

// metadata echoes the request's header.
func metadata(ctx context.Context, in *Everything) (*Everything, error) {
	call := curlew.CallFrom(ctx)
	for key, value := range call.Header().All() {
		call.ReplyHeader().Add(key, value)
	}
	call.ReplyTrailer().Add("x-end-bin", "\xff\x00")
	if deadline, ok := ctx.Deadline(); ok {
		call.ReplyTrailer().Add("x-left", time.Until(deadline).Round(time.Minute).String())
	}
	return in, nil
}

// watch sends as many replies as int32 says, and ends with the error that text
// is, if it is not empty.
func watch(ctx context.Context, in *Everything, replies curlew.Sender[Everything]) error {
	call := curlew.CallFrom(ctx)
	call.ReplyHeader().Add("x-bird", "curlew")
	call.ReplyTrailer().Add("x-sum", "7")
	for i := range in.ProtoReflect().Get(in.ProtoReflect().Descriptor().Fields().ByName("int32")).Int() {
		out := new(Everything)
		set(out, "name", get(in, "name")+"\n")
		set(out, "int64", i)
		if err := replies.Send(ctx, out); err != nil {
			return err
		}
	}
	if text := get(in, "text"); text != "" {
		return curlew.NewError(curlew.Aborted, text)
	}
	return nil
}

func newDispatcher(t testing.TB, c dispatch.Config) *dispatch.Dispatcher {
	t.Helper()
	d, err := dispatch.New(c)
	assert.NoError(t, err)
	assert.NoError(t, d.Register(services()...))
	t.Cleanup(func() { d.Shutdown(context.Background()) })
	return d
}

// exchange is a wire.Exchange with a request and a place for the response.
type exchange struct {
	request  wire.HTTPRequest
	body     io.Reader
	status   int
	fields   wire.Fields
	reply    bytes.Buffer
	flushes  int
	trailers wire.Fields
	ended    bool
	reset    error
	broken   error // of writes
}

// request returns a request as curl and others make it.
func request(method, target, body string, fields ...string) *exchange {
	x := &exchange{body: strings.NewReader(body)}
	path, query, _ := strings.Cut(target, "?")
	x.request = wire.HTTPRequest{
		Method: method, Path: path, RawQuery: query, Major: 1, Minor: 1, Length: int64(len(body)),
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

func (x *exchange) Write(ctx context.Context, p []byte) (int, error) {
	if x.status == 0 || x.ended {
		return 0, errors.New("a body before the head or after the end")
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	x.reply.Write(p)
	return len(p), x.broken
}

func (x *exchange) Flush() error {
	x.flushes++
	return nil
}

func (x *exchange) Reset(cause error)     { x.reset = cause }
func (x *exchange) Attach(*wire.Incoming) {}

func (x *exchange) End(last []byte, trailers wire.Fields) error {
	if x.status == 0 || x.ended {
		return errors.New("an end before the head, or a second one")
	}
	x.reply.Write(last)
	x.ended, x.trailers = true, trailers
	return x.broken
}

func newServer() *jsonhttp.Server { return jsonhttp.NewServer(always(services()), json.New()) }

// always returns a function that returns the same services always.
func always(s []*curlew.Service) func() []*curlew.Service {
	return func() []*curlew.Service { return s }
}

// serve has a server answer x.
func serve(t testing.TB, x *exchange) {
	t.Helper()
	d := newDispatcher(t, dispatch.Config{})
	jsonhttp.NewServer(d.Services, json.New()).Serve(t.Context(), x, httpwire.Waiting{Dispatcher: d})
}
