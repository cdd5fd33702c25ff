// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/health"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/schema"
	"github.com/curlewrpc/curlew/transport/mem"
)

func TestServices(t *testing.T) {
	c := serve(t, nil, arith(), echo("files.Echo"))
	got, err := reflection.NewClient(c).Services(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"files.Echo", reflection.V1, reflection.V1Alpha, "shop.Arith"})
}

// TestCallByReflection calls a plain Go service with nothing but what
// reflection says of it.
func TestCallByReflection(t *testing.T) {
	c := serve(t, nil, arith())
	d := find[protoreflect.ServiceDescriptor](t, c, "shop.Arith")
	multiply := d.Methods().ByName("Multiply")
	options := multiply.Options().(*descriptorpb.MethodOptions)
	assert.Equal(t, options.GetIdempotencyLevel(), descriptorpb.MethodOptions_IDEMPOTENT)
	assert.True(t, d.Methods().ByName("Count").IsStreamingServer())

	in, out := dynamicpb.NewMessage(multiply.Input()), dynamicpb.NewMessage(multiply.Output())
	in.Set(in.Descriptor().Fields().ByName("A"), protoreflect.ValueOf(int64(7)))
	in.Set(in.Descriptor().Fields().ByName("B"), protoreflect.ValueOf(int64(8)))
	assert.NoError(t, c.Invoke(t.Context(), curlew.NewMethod("shop.Arith/Multiply", curlew.KindUnary), in, out))
	assert.Equal(t, out.Get(out.Descriptor().Fields().ByName("Value")).Int(), 56)
	// A message that is imported by the service's file.
	at := out.Descriptor().Fields().ByName("At").Message()
	assert.Equal(t, at.FullName(), "google.protobuf.Timestamp")
	assert.True(t, !at.IsPlaceholder())
}

// TestDeclared sees that services are described by the files that declare them.
func TestDeclared(t *testing.T) {
	given := echoFile("given/echo.proto", "given")
	h := health.New().Service()
	c := serve(t, []protoreflect.FileDescriptor{given, health.File()}, echo("linked.Echo"), echo("given.Echo"), echo("nobody.Echo"), h)
	for symbol, path := range map[string]string{
		"linked.Echo":           "linked/echo.proto",
		"given.Echo":            "given/echo.proto",
		"nobody.Echo":           "nobody/Echo_service.proto",
		"grpc.health.v1.Health": "grpc/health/v1/health.proto",
		reflection.V1:           "grpc/reflection/v1/reflection.proto",
		reflection.V1Alpha:      "grpc/reflection/v1alpha/reflection.proto",
	} {
		d := find[protoreflect.ServiceDescriptor](t, c, symbol)
		assert.Equal(t, d.ParentFile().Path(), path, symbol)
	}
	assert.Equal(t, find[protoreflect.ServiceDescriptor](t, c, "given.Echo").Methods().Len(), 3)
	assert.Equal(t, find[protoreflect.ServiceDescriptor](t, c, "nobody.Echo").Methods().Len(), 2)
}

// TestNotAsDeclared sees that a file counts only for services that are what it
// declares.
func TestNotAsDeclared(t *testing.T) {
	file := echoFile("echo.proto", "files")
	unary := func(context.Context, *Args) (*Args, error) { return nil, nil }
	for name, method := range map[string]*curlew.Method{
		"not declared":    curlew.Unary("Twice", unary),
		"other messages":  curlew.Unary("Echo", unary),
		"another kind":    curlew.ServerStream("Echo", func(context.Context, *struct{}, curlew.Sender[struct{}]) error { return nil }),
		"not expressible": curlew.Unary("Echo", func(context.Context, *struct{ C chan int }) (*Args, error) { return nil, nil }),
	} {
		x := reflection.NewIndex([]*curlew.Service{curlew.NewService("files.Echo", method)}, file)
		symbol := "files.Echo"
		a := x.Answer(&reflection.Request{FileContainingSymbol: &symbol}, make(map[string]bool))
		if name == "not expressible" {
			assert.Contains(t, a.ErrorResponse.ErrorMessage, "chan")
			continue
		}
		assert.Equal(t, paths(t, a.FileDescriptorResponse.FileDescriptorProto)[0], "files/Echo_service.proto", name)
	}
}

// TestBothVersions asks by both versions, and by the messages that they
// describe themselves with.
func TestBothVersions(t *testing.T) {
	c := serve(t, nil, arith())
	for _, name := range []string{reflection.V1, reflection.V1Alpha} {
		d := find[protoreflect.ServiceDescriptor](t, c, name).Methods().Get(0)
		assert.Equal(t, string(d.Name()), "ServerReflectionInfo")
		stream, err := c.Open(t.Context(), curlew.NewMethod(name+"/ServerReflectionInfo", curlew.KindBidi))
		assert.NoError(t, err)
		q, a := dynamicpb.NewMessage(d.Input()), dynamicpb.NewMessage(d.Output())
		q.Set(d.Input().Fields().ByName("host"), protoreflect.ValueOf("here"))
		q.Set(d.Input().Fields().ByName("file_containing_symbol"), protoreflect.ValueOf("shop.Arith"))
		assert.NoError(t, stream.Send(t.Context(), q))
		assert.NoError(t, stream.Receive(t.Context(), a))
		assert.Equal(t, a.Get(d.Output().Fields().ByName("valid_host")).String(), "here")
		original := a.Get(d.Output().Fields().ByName("original_request")).Message()
		assert.Equal(t, original.Get(d.Input().Fields().ByName("file_containing_symbol")).String(), "shop.Arith")
		which := a.WhichOneof(d.Output().Oneofs().Get(0))
		assert.Equal(t, string(which.Name()), "file_descriptor_response")
		assert.Equal(t, len(a.GetUnknown())+len(original.GetUnknown()), 0)
		assert.NoError(t, stream.Close())
	}
}

// TestDescriptor holds the Go types against reflection.proto: every field, and
// the numbers and names of each.
func TestDescriptor(t *testing.T) {
	services := reflection.New(nil)
	files := reflection.OwnFiles()
	assert.Equal(t, len(files), 2)
	for i, s := range services {
		d := files[i].Services().Get(0)
		assert.Equal(t, string(d.FullName()), s.Name())
		mine, err := s.Methods()[0].Schema()
		assert.NoError(t, err)
		// A hash covers all fields, but not names of messages.
		assert.Equal(t, mine.RequestHash, schema.Hash(d.Methods().Get(0).Input()))
		assert.Equal(t, mine.ReplyHash, schema.Hash(d.Methods().Get(0).Output()))
		_, err = protoregistry.GlobalFiles.FindFileByPath(files[i].Path())
		assert.ErrorIs(t, err, protoregistry.NotFound, "registered globally")
	}
}

// TestLaterService sees that a service that is registered later is described,
// in a stream that was open before, too.
func TestLaterService(t *testing.T) {
	s := bare(t, arith())
	assert.NoError(t, s.Register(reflection.New(s.Services)...))
	c := curlewtest.Start(t, s).Client()
	stream, err := curlew.OpenBidi[reflection.Request, reflection.Response](t.Context(), c, curlew.NewMethod(reflection.V1+"/ServerReflectionInfo", curlew.KindBidi))
	assert.NoError(t, err)
	defer stream.Close()
	ask := func(symbol string) *reflection.Response {
		t.Helper()
		assert.NoError(t, stream.Send(t.Context(), &reflection.Request{FileContainingSymbol: &symbol}))
		a, err := stream.Receive(t.Context())
		assert.NoError(t, err)
		return a
	}
	first := paths(t, ask("shop.Arith").FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, first, []string{"shop/Arith_service.proto", "reflection_test.proto", "google/protobuf/timestamp.proto"})
	again := paths(t, ask("shop.Arith").FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, again, first[:1], "what was sent before")
	assert.Equal(t, ask("later.Arith").ErrorResponse.ErrorCode, int32(curlew.NotFound))
	assert.NoError(t, s.Register(arith().Rename("later.Arith")))
	later := paths(t, ask("later.Arith").FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, later[1:], first[1:], "files that may have changed")
}

// TestShutdown sees that an open stream does not hold up a server.
func TestShutdown(t *testing.T) {
	s := bare(t)
	assert.NoError(t, s.Register(reflection.New(s.Services)...))
	c := curlewtest.Start(t, s).Client()
	stream, err := curlew.OpenBidi[reflection.Request, reflection.Response](t.Context(), c, curlew.NewMethod(reflection.V1+"/ServerReflectionInfo", curlew.KindBidi))
	assert.NoError(t, err)
	defer stream.Close()
	assert.NoError(t, stream.Send(t.Context(), &reflection.Request{ListServices: new(string)}))
	_, err = stream.Receive(t.Context())
	assert.NoError(t, err)
	assert.NoError(t, s.Shutdown(t.Context()))
	_, err = stream.Receive(t.Context())
	assert.ErrorIs(t, err, curlew.Unavailable)
}

func TestLoopbackOnly(t *testing.T) {
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }
	for _, test := range []struct {
		name        string
		addr, local net.Addr
		open        bool
	}{
		{"loopback", tcp("127.0.0.1"), tcp("127.0.0.1"), true},
		{"loopback 6", tcp("::1"), tcp("::1"), true},
		{"loopback 4 in 6", tcp("::ffff:127.1.2.3"), tcp("127.0.0.1"), true},
		{"local end not known", tcp("127.0.0.1"), nil, true},
		{"QUIC", &net.UDPAddr{IP: net.IPv6loopback}, &net.UDPAddr{IP: net.IPv6loopback}, true},
		{"unix", &net.UnixAddr{Net: "unix"}, &net.UnixAddr{Name: "s", Net: "unix"}, true},
		{"memory", mem.Addr("a"), mem.Addr("b"), true},
		{"another machine", tcp("192.0.2.7"), tcp("192.0.2.1"), false},
		{"own address of the network", tcp("192.0.2.1"), tcp("192.0.2.1"), false},
		{"by a proxy", tcp("192.0.2.7"), tcp("127.0.0.1"), false},
		{"from loopback to the network", tcp("127.0.0.1"), tcp("192.0.2.1"), false},
		{"not known", nil, nil, false},
	} {
		ran := false
		h := reflection.LoopbackOnly(func(context.Context, *curlew.Call) error { ran = true; return nil })
		call := new(curlew.Call)
		call.BeginServer(t.Context(), arith().Methods()[0], new(curlew.Header), &curlew.Peer{Addr: test.addr, LocalAddr: test.local}, nil)
		err := h(t.Context(), call)
		assert.Equal(t, ran, test.open, test.name)
		if !test.open {
			assert.ErrorIs(t, err, curlew.PermissionDenied, test.name)
		}
	}
}
