// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
	codec "github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/reflection"
)

// optionsFile declares a service with an option of a custom kind, and another
// extension within a message.
func optionsFile() protoreflect.FileDescriptor {
	return parse(`name: "options.proto" package: "options" syntax: "proto3"
		dependency: ["google/protobuf/descriptor.proto", "google/protobuf/wrappers.proto"]
		extension { name: "route" number: 50001 label: LABEL_OPTIONAL type: TYPE_STRING extendee: ".google.protobuf.MethodOptions" }
		message_type { name: "Holder" extension { name: "inner" number: 50002 label: LABEL_OPTIONAL type: TYPE_STRING extendee: ".google.protobuf.MethodOptions" } }
		service { name: "Echo" method { name: "Echo" input_type: ".google.protobuf.StringValue" output_type: ".google.protobuf.StringValue" } }`)
}

func echoOnly(name string) *curlew.Service {
	return curlew.NewService(name,
		curlew.Unary("Echo", func(_ context.Context, m *wrapperspb.StringValue) (*wrapperspb.StringValue, error) { return m, nil }))
}

func TestErrors(t *testing.T) {
	odd := curlew.NewService("odd.Chan", curlew.Unary("Do", func(context.Context, *struct{ C chan int }) (*Args, error) { return nil, nil }))
	noName := curlew.NewService("no name at all!", curlew.Unary("Do", func(context.Context, *Args) (*Args, error) { return nil, nil }))
	x := reflection.NewIndex([]*curlew.Service{arith(), odd, noName})
	for _, test := range []struct {
		name string
		q    reflection.Request
		code curlew.Code
		text string
	}{
		{"nothing", reflection.Request{}, curlew.InvalidArgument, "asks for nothing"},
		{"file", reflection.Request{FileByFilename: new("a.proto")}, curlew.NotFound, `"a.proto"`},
		{"empty file", reflection.Request{FileByFilename: new("")}, curlew.NotFound, `""`},
		{"symbol", reflection.Request{FileContainingSymbol: new("shop.Nothing")}, curlew.NotFound, `"shop.Nothing"`},
		{"method", reflection.Request{FileContainingSymbol: new("shop.Arith.Nothing")}, curlew.NotFound, `"shop.Arith.Nothing"`},
		{"leading dot", reflection.Request{FileContainingSymbol: new(".shop.Arith")}, curlew.NotFound, `".shop.Arith"`},
		{"not expressible", reflection.Request{FileContainingSymbol: new("odd.Chan")}, curlew.NotFound, "chan"},
		{"its method", reflection.Request{FileContainingSymbol: new("odd.Chan.Do")}, curlew.NotFound, "chan"},
		{"a name that is none", reflection.Request{FileContainingSymbol: new("no name at all!")}, curlew.NotFound, "service no name at all!"},
		{"long symbol", reflection.Request{FileContainingSymbol: new(strings.Repeat("é", 1<<20))}, curlew.NotFound, `é"…`},
		{"extension", reflection.Request{FileContainingExtension: &reflection.ExtensionRequest{ContainingType: "shop.Args", ExtensionNumber: 7}}, curlew.NotFound, "no extension 7"},
		{"extensions of nothing", reflection.Request{AllExtensionNumbersOfType: new("a.B")}, curlew.NotFound, `"a.B"`},
		{"extensions of a service", reflection.Request{AllExtensionNumbersOfType: new("shop.Arith")}, curlew.NotFound, `"shop.Arith"`},
	} {
		a := x.Answer(&test.q, make(map[string]bool))
		if a.ErrorResponse == nil {
			t.Errorf("%s: no error", test.name)
			continue
		}
		assert.Equal(t, curlew.Code(a.ErrorResponse.ErrorCode), test.code, test.name)
		assert.Contains(t, a.ErrorResponse.ErrorMessage, test.text, test.name)
		assert.True(t, len(a.ErrorResponse.ErrorMessage) < 500, test.name, "is too long")
	}
}

// TestDescribedTogether derives services that share messages beside files whose
// names are taken.
func TestDescribedTogether(t *testing.T) {
	// The path and a name of what is derived of this package's types.
	taken := parse(`name: "reflection_test.proto" package: "reflection_test" syntax: "proto3" message_type { name: "Args" }
		service { name: "Taken" method { name: "Do" input_type: ".reflection_test.Args" output_type: ".reflection_test.Args" } }`)
	empty := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	services := []*curlew.Service{arith(), arith().Rename("shop.Other"), curlew.NewService("reflection_test.Taken", curlew.Unary("Do", empty))}
	x := reflection.NewIndex(services, taken)
	sent := make(map[string]bool)
	first := paths(t, x.Answer(&reflection.Request{FileContainingSymbol: new("shop.Arith")}, sent).FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, first, []string{"shop/Arith_service.proto", "reflection_test2.proto", "google/protobuf/timestamp.proto"})
	second := paths(t, x.Answer(&reflection.Request{FileContainingSymbol: new("shop.Other.Multiply")}, sent).FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, second, []string{"shop/Other_service.proto"})
	args := paths(t, x.Answer(&reflection.Request{FileContainingSymbol: new("reflection_test.Args")}, sent).FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, args, []string{"reflection_test.proto"})
	args = paths(t, x.Answer(&reflection.Request{FileContainingSymbol: new("reflection_test.Args2.A")}, sent).FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, args, []string{"reflection_test2.proto"}, "asked for, so sent again")
	byName := paths(t, x.Answer(&reflection.Request{FileByFilename: new("google/protobuf/timestamp.proto")}, sent).FileDescriptorResponse.FileDescriptorProto)
	assert.Equal(t, byName, []string{"google/protobuf/timestamp.proto"})
}

// TestTwoFilesOfOnePath sees that of two files with one path the second's
// services are answered by an error that says so.
func TestTwoFilesOfOnePath(t *testing.T) {
	a, b := echoFile("echo.proto", "a"), echoFile("echo.proto", "b")
	x := reflection.NewIndex([]*curlew.Service{echo("a.Echo"), echo("b.Echo"), arith()}, a, b)
	for symbol, text := range map[string]string{"a.Echo": "", "b.Echo": "two different files echo.proto", "shop.Arith": ""} {
		answer := x.Answer(&reflection.Request{FileContainingSymbol: &symbol}, make(map[string]bool))
		if text == "" {
			assert.True(t, answer.ErrorResponse == nil, symbol)
		} else {
			assert.Contains(t, answer.ErrorResponse.ErrorMessage, text)
		}
	}
}

func TestExtensions(t *testing.T) {
	file := optionsFile()
	x := reflection.NewIndex([]*curlew.Service{echoOnly("options.Echo")}, file)
	a := x.Answer(&reflection.Request{AllExtensionNumbersOfType: new("google.protobuf.MethodOptions")}, make(map[string]bool))
	assert.Equal(t, a.AllExtensionNumbersResponse.ExtensionNumber, []int32{50001, 50002, 50003})
	assert.Equal(t, a.AllExtensionNumbersResponse.BaseTypeName, "google.protobuf.MethodOptions")
	a = x.Answer(&reflection.Request{AllExtensionNumbersOfType: new("google.protobuf.StringValue")}, make(map[string]bool))
	assert.Equal(t, len(a.AllExtensionNumbersResponse.ExtensionNumber), 0)
	for number, path := range map[int32]string{50001: "options.proto", 50002: "options.proto", 50003: "linked_options.proto"} {
		q := &reflection.ExtensionRequest{ContainingType: "google.protobuf.MethodOptions", ExtensionNumber: number}
		a = x.Answer(&reflection.Request{FileContainingExtension: q}, make(map[string]bool))
		got := paths(t, a.FileDescriptorResponse.FileDescriptorProto)
		assert.Equal(t, got[:2], []string{path, "google/protobuf/descriptor.proto"})
	}
}

// FuzzAnswer sees that every request is answered, by one answer of the
// protocol's that is for it.
func FuzzAnswer(f *testing.F) {
	c := codec.New()
	for _, q := range []reflection.Request{
		{},
		{Host: "h", ListServices: new("*")},
		{FileByFilename: new("google/protobuf/timestamp.proto")},
		{FileContainingSymbol: new("shop.Arith.Multiply")},
		{FileContainingSymbol: new("shop.Arith"), ListServices: new("")},
		{FileContainingExtension: &reflection.ExtensionRequest{ContainingType: "google.protobuf.MethodOptions", ExtensionNumber: 50001}},
		{AllExtensionNumbersOfType: new("google.protobuf.MethodOptions")},
	} {
		b, err := c.Append(nil, &q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	x := reflection.NewIndex([]*curlew.Service{arith(), echoOnly("options.Echo")}, optionsFile())
	protocol := reflection.OwnFiles()[0].Messages().ByName("ServerReflectionResponse")
	answers := protocol.Oneofs().Get(0)
	f.Fuzz(func(t *testing.T, b []byte) {
		var q reflection.Request
		if c.Decode(b, &q) != nil {
			return
		}
		sent := make(map[string]bool)
		for range 2 { // a stream's second answer may leave out files
			encoded, err := c.Append(nil, x.Answer(&q, sent))
			if err != nil {
				t.Fatal(err)
			}
			a := dynamicpb.NewMessage(protocol)
			if err := proto.Unmarshal(encoded, a); err != nil || len(a.GetUnknown()) > 0 {
				t.Fatalf("%v, %v", err, a)
			}
			set := 0
			for i := range answers.Fields().Len() {
				if a.Has(answers.Fields().Get(i)) {
					set++
				}
			}
			if set != 1 {
				t.Fatalf("%d answers to %v: %v", set, q, a)
			}
		}
	})
}
