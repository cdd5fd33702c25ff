// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/apipb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
)

// What generated code that is linked registers once.
func TestMain(m *testing.M) {
	if err := protoregistry.GlobalFiles.RegisterFile(echoFile("linked/echo.proto", "linked")); err != nil {
		panic(err)
	}
	options := parse(`name: "linked_options.proto" package: "linked_options" syntax: "proto3" dependency: "google/protobuf/descriptor.proto"
		extension { name: "linked" number: 50003 label: LABEL_OPTIONAL type: TYPE_STRING extendee: ".google.protobuf.MethodOptions" }`)
	if err := protoregistry.GlobalTypes.RegisterExtension(dynamicpb.NewExtensionType(options.Extensions().Get(0))); err != nil {
		panic(err)
	}
	assert.Main(m)
}

// Plain messages.
type (
	Args    struct{ A, B int }
	Product struct {
		Value int
		At    time.Time
	}
)

// arith is a plain service of two kinds of methods.
func arith() *curlew.Service {
	return curlew.NewService("shop.Arith",
		curlew.Unary("Multiply", func(_ context.Context, a *Args) (*Product, error) {
			return &Product{Value: a.A * a.B}, nil
		}, curlew.Idempotent),
		curlew.ServerStream("Count", func(context.Context, *Args, curlew.Sender[Product]) error { return nil }),
	)
}

// echo is a service of generated messages, whose own descriptor may or may not
// be known.
func echo(name string) *curlew.Service {
	return curlew.NewService(name,
		curlew.Unary("Echo", func(_ context.Context, m *wrapperspb.StringValue) (*wrapperspb.StringValue, error) { return m, nil }),
		curlew.Unary("Find", func(context.Context, *wrapperspb.StringValue) (*apipb.Api, error) { return new(apipb.Api), nil }),
	)
}

// parse makes a file of a FileDescriptorProto in text form.
func parse(text string) protoreflect.FileDescriptor {
	var described descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal([]byte(text), &described); err != nil {
		panic(err)
	}
	file, err := protodesc.NewFile(&described, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	return file
}

// echoFile declares echo(pkg + ".Echo") and one method more.
func echoFile(path, pkg string) protoreflect.FileDescriptor {
	return parse(`name: "` + path + `" package: "` + pkg + `" syntax: "proto3"
		dependency: ["google/protobuf/wrappers.proto", "google/protobuf/api.proto"]
		service { name: "Echo"
			method { name: "Echo" input_type: ".google.protobuf.StringValue" output_type: ".google.protobuf.StringValue" }
			method { name: "Find" input_type: ".google.protobuf.StringValue" output_type: ".google.protobuf.Api" }
			method { name: "More" input_type: ".google.protobuf.StringValue" output_type: ".google.protobuf.Api" }
		}`)
}

// bare returns a server of services that has no reflection of its own.
func bare(t *testing.T, services ...*curlew.Service) *server.Server {
	t.Helper()
	s, err := server.New(server.WithoutReflection())
	assert.NoError(t, err)
	assert.NoError(t, s.Register(services...))
	return s
}

// serve serves services with reflection and returns a client.
func serve(t *testing.T, files []protoreflect.FileDescriptor, services ...*curlew.Service) curlew.Caller {
	t.Helper()
	s := bare(t, services...)
	assert.NoError(t, s.Register(reflection.New(s.Services, files...)...))
	return curlewtest.Start(t, s).Client()
}

// find returns the descriptor of a symbol, as the server has it.
func find[D protoreflect.Descriptor](t *testing.T, c curlew.Caller, symbol string) D {
	t.Helper()
	files, err := reflection.NewClient(c).Files(t.Context(), symbol)
	assert.NoError(t, err)
	d, err := files.FindDescriptorByName(protoreflect.FullName(symbol))
	assert.NoError(t, err)
	found, ok := d.(D)
	assert.True(t, ok, symbol, "is of another kind")
	return found
}

func paths(t *testing.T, encoded [][]byte) []string {
	t.Helper()
	var paths []string
	for _, b := range encoded {
		var file descriptorpb.FileDescriptorProto
		assert.NoError(t, proto.Unmarshal(b, &file))
		paths = append(paths, file.GetName())
	}
	return paths
}
