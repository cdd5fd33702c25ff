// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/gobmessage"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

// gobs are described messages that go over the wire as Go values.
type gobs struct {
	*described
	in, out *gobmessage.Type
}

func (g *gobs) request(b []byte) (any, error) {
	m, err := source.ReadJSON(g.types, g.method.Input(), b)
	if err != nil {
		return nil, err
	}
	return g.in.Value(m)
}

func (g *gobs) newReply() any { return g.out.New() }

func (g *gobs) json(reply any) ([]byte, error) {
	m := dynamicpb.NewMessage(g.method.Output())
	if err := g.out.Read(reply, m); err != nil {
		return nil, err
	}
	return g.described.json(m)
}

// fitGobs refuses flags for what net/rpc does not carry.
func (c *command) fitGobs(cmd *cobra.Command) error {
	for name, given := range map[string]bool{
		"header": len(c.to.Headers) > 0, "codec": c.to.Codec != "", "compression": c.to.Compression != "",
	} {
		if given {
			return cli.Usage(cmd, "--%s: net/rpc has no such thing; leave it out, or take another protocol than %s", name, c.to.Protocol)
		}
	}
	return nil
}

// gobMethod returns a method of a server that speaks net/rpc. On the wire it has
// the name that was typed, without what a .proto file may add to it.
func (c *command) gobMethod(ctx context.Context, address, name string) (*method, error) {
	src, err := c.gobSource(ctx, address, name)
	if err != nil {
		return nil, err
	}
	d, err := named(src, name)
	if err != nil {
		return nil, err
	}
	if d.IsStreamingClient() || d.IsStreamingServer() {
		return nil, fmt.Errorf("%s has streams, and net/rpc does not; take another protocol than %s", source.MethodName(d), c.to.Protocol)
	}
	in, err := gobmessage.Of(d.Input())
	if err == nil {
		var out *gobmessage.Type
		if out, err = gobmessage.Of(d.Output()); err == nil {
			messages := &gobs{newDescribed(nil, src, d, c.emitDefaults), in, out}
			return &method{curlew.NewMethod(name, curlew.KindUnary), messages}, nil
		}
	}
	return nil, fmt.Errorf("%s cannot be called by net/rpc: %w", source.MethodName(d), err)
}

// named finds a method by the name that net/rpc has for it. Its service may be in
// a package, which net/rpc does not know.
func named(src *source.Source, name string) (protoreflect.MethodDescriptor, error) {
	d, err := src.Method(name)
	if err == nil {
		return d, nil
	}
	service, short := curlew.SplitName(name)
	var found []protoreflect.MethodDescriptor
	for _, sd := range src.Services {
		if m := sd.Methods().ByName(protoreflect.Name(short)); m != nil && string(sd.Name()) == service {
			found = append(found, m)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	for _, sd := range src.Services {
		if string(sd.Name()) == service { // which says what there is instead
			_, err = src.Method(string(sd.FullName()) + "/" + short)
		}
	}
	return nil, err
}

// lookTimeout bounds how long it may take to see whether a server that speaks
// net/rpc speaks another protocol, too.
const lookTimeout = 3 * time.Second

// gobSource opens what describes a method. Curlew's servers tell it by another
// protocol on the same port; net/rpc itself has nothing to tell.
func (c *command) gobSource(ctx context.Context, address, name string) (*source.Source, error) {
	if c.from.Given() {
		return c.from.Open(ctx, nil, "")
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	to := c.to
	to.Protocol = target.Auto
	conn, err := to.Dial(ctx, address)
	if err == nil {
		defer conn.Close()
		var src *source.Source
		if src, err = c.from.Open(ctx, conn, ""); err == nil {
			return src, nil
		}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return nil, fmt.Errorf(`the types of %s are not known: net/rpc does not tell them, nor does the server by another protocol (%s).
Describe the method in a .proto file, and name it by --proto FILE:

%s`, name, line, sketch(name))
}

// sketch is a .proto file for a method.
func sketch(name string) string {
	service, method := curlew.SplitName(name)
	short := service[strings.LastIndexByte(service, '.')+1:]
	return fmt.Sprintf(`  syntax = "proto3";
  service %s { rpc %s(Args) returns (Reply); }
  message Args { … }   // its fields have the names of the Go fields: int64 A = 1;
  message Reply { … }  // an argument or reply that is no struct: message IntValue { int64 value = 1; }`, short, method)
}

// gobFailure adds what to do to the error of a server whose types are others.
func gobFailure(err error) error {
	if !strings.Contains(err.Error(), "gob: ") {
		return err
	}
	return errors.New(err.Error() + "\nThe server's Go types are others than the descriptors say; describe them by --proto FILE, with the names of the Go fields")
}
