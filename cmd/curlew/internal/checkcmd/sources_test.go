// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package checkcmd_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/protofiles"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
	"github.com/curlewrpc/curlew/server"
)

// Cart is a service in plain Go. Its versions differ in their type Item.
type Cart[Item any] struct{}

type Total struct{ Cents int64 }

func (Cart[Item]) Add(context.Context, *Item) (*Total, error) { return &Total{}, nil }

// Basket is Cart with another method.
type Basket[Item any] struct{ Cart[Item] }

func (Basket[Item]) Remove(context.Context, *Item) (*Total, error) { return &Total{}, nil }

func first() any {
	type Item struct {
		SKU   string
		Count int32
	}
	return Basket[Item]{}
}

func second() any {
	type Item struct {
		SKU   string
		Count string
	}
	return Cart[Item]{}
}

// serve runs a server with a plain Go service called Cart until the test ends and
// returns its address.
func serve(t *testing.T, receiver any) string {
	t.Helper()
	service, err := curlew.Reflect(receiver)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.WithLogger(slog.New(slog.DiscardHandler)))
	if err == nil {
		err = s.Register(service.Rename("Cart"))
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return l.Addr().String()
}

func TestServers(t *testing.T) {
	old, new := serve(t, first()), serve(t, second())
	if got := check(t, "--level", "source", old, old); got.status != 0 {
		t.Errorf("a server and itself: %+v", got)
	}
	for _, protocol := range []string{"auto", "native", "grpc", "connect"} {
		got := check(t, "--protocol", protocol, old, new)
		for _, want := range []string{"Count\" of checkcmd_test.Item changed from", "(field-type-changed)", "method Cart/Remove is gone", "(method-removed)"} {
			if got.status != 1 || !strings.Contains(got.out, want) {
				t.Errorf("by %s: no %q in %+v", protocol, want, got)
			}
		}
	}
}

// TestServerAndSet compares what a server says with what it said before, and what
// another one says.
func TestServerAndSet(t *testing.T) {
	t.Chdir(t.TempDir())
	address := serve(t, first())
	c, err := new(target.Flags).Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := source.Reflect(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var said descriptorpb.FileDescriptorSet
	s.Files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		said.File = append(said.File, protodesc.ToFileDescriptorProto(file))
		return true
	})
	store(t, "cart.binpb", &said)
	if got := check(t, "--level", "source", "cart.binpb", address); got.status != 0 {
		t.Errorf("a server and what it said: %+v", got)
	}
	if got := check(t, "cart.binpb", serve(t, second())); got.status != 1 || !strings.Contains(got.out, "method Cart/Remove is gone") {
		t.Errorf("another server: %+v", got)
	}
}

func store(t *testing.T, path string, set *descriptorpb.FileDescriptorSet) {
	t.Helper()
	b, err := proto.Marshal(set)
	if err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDescriptorSets compares sets with and without source information.
func TestDescriptorSets(t *testing.T) {
	versions(t)
	set(t, "1.proto", "1.binpb", true)
	set(t, "2.proto", "2.binpb", true)
	set(t, "2.proto", "bare.binpb", false)
	for _, test := range []struct{ old, new, want string }{
		{"1.binpb", "2.binpb", "item.proto:3:1: wire"},
		{"1.proto", "2.binpb", "item.proto:3:1: wire"},
		{"1.binpb", "2.proto", "2.proto:3:1: wire"},
		{"1.binpb", "bare.binpb", "item.proto: wire"},
	} {
		if got := check(t, test.old, test.new); got.status != 1 || !strings.HasPrefix(got.out, test.want) {
			t.Errorf("%s and %s: %+v\nwant %q", test.old, test.new, got, test.want)
		}
	}
	if got := check(t, "--format", "github", "1.proto", "2.binpb"); !strings.HasPrefix(got.out, "::error title=field-removed (wire)::1.proto:5:3: ") {
		t.Errorf("a place that is in no file that can be annotated: %s", got.out)
	}
}

// set writes a file as a descriptor set, in which it is called item.proto.
func set(t *testing.T, from, to string, sources bool) {
	t.Helper()
	result, err := protofiles.Compile(t.Context(), nil, from)
	if err != nil {
		t.Fatal(err)
	}
	file := protodesc.ToFileDescriptorProto(result.Named[0])
	file.Name = proto.String("item.proto")
	if !sources {
		file.SourceCodeInfo = nil
	}
	store(t, to, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
}

// TestBinary runs the command as users do.
func TestBinary(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "curlew")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/curlewrpc/curlew/cmd/curlew").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	versions(t)
	for _, test := range []struct {
		args   []string
		status int
	}{
		{[]string{"check", "1.proto", "5.proto"}, 0},
		{[]string{"check", "1.proto", "2.proto"}, 1},
		{[]string{"check", "1.proto", "none.proto"}, 2},
	} {
		cmd := exec.CommandContext(t.Context(), binary, test.args...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if status := cmd.ProcessState.ExitCode(); status != test.status {
			t.Errorf("%v: status %d, want %d: %s", test.args, status, test.status, out)
		}
	}
}
