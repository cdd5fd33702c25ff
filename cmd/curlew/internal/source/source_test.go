// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
)

const cart = `syntax = "proto3";
package shop.v1;
message Item { string sku = 1; }
message List { repeated Item items = 1; enum Order { ORDER_UNKNOWN = 0; } }
service Cart {
  rpc Add(Item) returns (List);
  rpc Remove(Item) returns (List);
}
service Empty {}
`

// protoFile writes cart.proto and returns its path.
func protoFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cart.proto")
	if err := os.WriteFile(path, []byte(cart), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// setFile writes a descriptor set and returns its path.
func setFile(t *testing.T, src *source.Source) string {
	t.Helper()
	set := new(descriptorpb.FileDescriptorSet)
	src.Files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
		return true
	})
	b, err := proto.Marshal(set)
	path := filepath.Join(t.TempDir(), "cart.binpb")
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens what flags name on the command line.
func open(t *testing.T, caller curlew.Caller, symbol string, args ...string) (*source.Source, error) {
	t.Helper()
	var flags source.Flags
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddTo(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags.Open(t.Context(), caller, symbol)
}

func TestFiles(t *testing.T) {
	path := protoFile(t)
	compiled, err := open(t, nil, "", "--proto", path, "-I", filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	set, err := open(t, nil, "", "--descriptor-set", setFile(t, compiled))
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []*source.Source{compiled, set} {
		if got, want := src.ServiceNames(), []string{"shop.v1.Cart", "shop.v1.Empty"}; !slices.Equal(got, want) {
			t.Errorf("services %v, want %v", got, want)
		}
		if got, want := src.MethodNames(), []string{"shop.v1.Cart/Add", "shop.v1.Cart/Remove"}; !slices.Equal(got, want) {
			t.Errorf("methods %v, want %v", got, want)
		}
		for _, name := range []string{"shop.v1.Cart/Add", "shop.v1.Cart.Add", "/shop.v1.Cart/Add"} {
			if m, err := src.Method(name); err != nil || source.MethodName(m) != "shop.v1.Cart/Add" {
				t.Errorf("Method(%q) = %v, %v", name, m, err)
			}
		}
		for _, name := range []string{"shop.v1.Cart", "shop.v1.Cart/Add", "shop.v1.Item", "shop.v1.List.Order", "shop.v1.Item.sku", "shop.v1.List.ORDER_UNKNOWN"} {
			if d, err := src.Find(name); err != nil || d.FullName() != protoreflect.FullName(strings.ReplaceAll(name, "/", ".")) {
				t.Errorf("Find(%q) = %v, %v", name, d, err)
			}
		}
	}
}

func TestUnknownNames(t *testing.T) {
	src, err := open(t, nil, "", "--proto", protoFile(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		find func(string) error
		name string
		text string
	}{
		{method(src), "shop.v1.Cart/Ad", "\nDid you mean Add?"},
		{method(src), "shop.v1.Cart/xyzzy", "\nIts methods are Add, Remove"},
		{method(src), "shop.v1.Empty/Add", "; it has none"},
		{method(src), "shop.v1.Card.Add", "\nDid you mean shop.v1.Cart/Add?"},
		{method(src), "Remove", "\nDid you mean shop.v1.Cart/Remove?"},
		{method(src), "", "\nIts services are shop.v1.Cart, shop.v1.Empty"},
		{find(src), "shop.v1.Itme", "\nDid you mean shop.v1.Item?"},
		{find(src), "order", "\nDid you mean shop.v1.List.Order?"},
		{service(src), "cart", "\nDid you mean shop.v1.Cart?"},
		{service(src), "bank", "\nIts services are shop.v1.Cart, shop.v1.Empty"},
	} {
		if err := test.find(test.name); err == nil || !strings.HasSuffix(err.Error(), test.text) {
			t.Errorf("%q: got %v, want …%s", test.name, err, test.text)
		}
	}
}

func method(src *source.Source) func(string) error {
	return func(name string) error { _, err := src.Method(name); return err }
}

func service(src *source.Source) func(string) error {
	return func(name string) error { _, err := src.Service(name); return err }
}

func find(src *source.Source) func(string) error {
	return func(name string) error { _, err := src.Find(name); return err }
}

func TestWrongFiles(t *testing.T) {
	path := protoFile(t)
	for _, test := range []struct {
		args []string
		text string
	}{
		{[]string{"--descriptor-set", path}, "this is no descriptor set; make one by protoc"},
		{[]string{"--descriptor-set", path + "x"}, "no such file"},
		{[]string{"--proto", path, "--descriptor-set", path}, "one of the two"},
		{[]string{"-I", "."}, "is for --proto"},
	} {
		if _, err := open(t, nil, "", test.args...); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%v: got %v, want %q", test.args, err, test.text)
		}
	}
}

// connect serves the shop and connects to it.
func connect(t *testing.T, options ...server.Option) curlew.Caller {
	t.Helper()
	c, err := new(target.Flags).Dial(t.Context(), shoptest.Serve(t, options...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestReflect(t *testing.T) {
	caller := connect(t)
	for _, test := range []struct {
		symbol string
		want   []string // services
	}{
		{"", []string{"grpc.health.v1.Health", shoptest.Service}},
		{shoptest.Service, []string{shoptest.Service}},
		{shoptest.Service + "/Buy", []string{shoptest.Service}},
		{shoptest.Service + ".Buy", []string{shoptest.Service}},
		{shoptest.Service + "/Sell", []string{shoptest.Service}},
		{"no.Such/Thing", []string{"grpc.health.v1.Health", shoptest.Service}},
		{"shoptest.Item", nil},
	} {
		src, err := open(t, caller, test.symbol)
		if err != nil {
			t.Errorf("%q: %v", test.symbol, err)
		} else if got := src.ServiceNames(); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %v, want %v", test.symbol, got, test.want)
		}
	}
}

func TestWithoutReflection(t *testing.T) {
	caller := connect(t, server.WithoutReflection())
	if _, err := open(t, caller, ""); err == nil || !strings.Contains(err.Error(), "does not offer reflection") || !strings.Contains(err.Error(), "--proto FILE") {
		t.Errorf("got %v", err)
	}
}

// TestUndescribed asks a server that has a service of which it tells the name
// alone.
func TestUndescribed(t *testing.T) {
	secret := curlew.NewService("secret.v1.Vault", curlew.NewMethod("Open", curlew.KindUnary, curlew.Handler(func(context.Context, *curlew.Call) error { return nil })))
	describe := reflection.New(func() []*curlew.Service { return []*curlew.Service{secret} })
	c := curlewtest.Serve(t, append(describe, secret)...)
	src, err := source.Reflect(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if len(src.Services) != 0 || !slices.Equal(src.Undescribed, []string{"secret.v1.Vault"}) {
		t.Errorf("services %v, undescribed %v", src.ServiceNames(), src.Undescribed)
	}
}

// TestBrokenSet reads a descriptor set in which a message has a field of a type
// that its own file does not declare.
func TestBrokenSet(t *testing.T) {
	field := &descriptorpb.FieldDescriptorProto{
		Name: proto.String("f"), Number: proto.Int32(1), TypeName: proto.String("M.Gone"),
		Type: descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		DefaultValue: proto.String("1x"),
	}
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name:        proto.String("broken.proto"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{field}}},
	}}}
	b, err := proto.Marshal(set)
	path := filepath.Join(t.TempDir(), "broken.binpb")
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, nil, "", "--descriptor-set", path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "do not fit together") {
		t.Errorf("got %v", err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"Add", "Remove", "RemoveAll", "shop.v1.Cart/Add", "List"}
	for name, want := range map[string]string{
		"add": "Add", "Remov": "Remove", "Cart/Add": "shop.v1.Cart/Add", "": "", "zzzzzz": "", "Lsit": "List",
	} {
		got := source.Nearest(name, names)
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0] != want) {
			t.Errorf("Nearest(%q) = %v, want %q first", name, got, want)
		}
	}
}
