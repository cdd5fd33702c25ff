// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package describecmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/completion"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

const long = `Print what has a name as the text of its .proto file: a service, a method with
its messages, a message, an enum, an extension, a field.

The server tells it by reflection, mostly without comments. With --proto or
--descriptor-set it is looked for in the files, and there is no ADDRESS.`

const examples = `  curlew describe localhost:8080 shop.v1.Cart
  curlew describe localhost:8080 shop.v1.Cart/Add
  curlew describe --proto shop/v1/cart.proto -I proto shop.v1.Item`

type command struct {
	env  *cli.Env
	to   target.Flags
	from source.Flags
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	c := &command{env: env}
	cmd := &cobra.Command{
		Use:               "describe ADDRESS SYMBOL",
		Short:             "Print a service, method, message or enum as .proto text",
		Long:              long,
		Example:           examples,
		ValidArgsFunction: completion.Symbols(&c.to, &c.from),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	c.to.AddConnection(cmd.Flags())
	c.from.AddTo(cmd.Flags())
	completion.Flags(cmd)
	return cmd
}

// timeout bounds how long a server may take to describe itself, if the flag does
// not.
const timeout = 30 * time.Second

func (c *command) run(cmd *cobra.Command, args []string) error {
	address := ""
	if !c.from.Given() && len(args) > 0 {
		address, args = args[0], args[1:]
	}
	switch {
	case len(args) == 0 && c.from.Given():
		return cli.Usage(cmd, "describe needs the name of what is in the files")
	case len(args) == 0:
		return cli.Usage(cmd, "describe needs the server's address (or --proto FILE) and a name")
	case len(args) > 1:
		return cli.Usage(cmd, "describe takes one name; %q is too much", args[1])
	}
	if c.to.Timeout == 0 {
		c.to.Timeout = timeout
	}
	ctx, cancel := c.to.Context(cmd.Context())
	defer cancel()
	src, err := c.open(ctx, address, args[0])
	if err != nil {
		return err
	}
	d, err := src.Find(args[0])
	if err != nil {
		return err
	}
	p := &printer{types: src.Types(), pkg: d.ParentFile().Package()}
	p.declaration(d)
	if c.env.JSON {
		return c.printJSON(d, p)
	}
	_, err = io.WriteString(c.env.Out, p.String())
	return err
}

func (c *command) open(ctx context.Context, address, symbol string) (*source.Source, error) {
	if address == "" {
		return c.from.Open(ctx, nil, symbol)
	}
	conn, err := c.to.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return c.from.Open(ctx, conn, symbol)
}

// description is what --json prints.
type description struct {
	Name       string          `json:"name"`
	Kind       string          `json:"kind"` // "service", "method", "message" …
	File       string          `json:"file"`
	Text       string          `json:"text"`       // of the .proto file
	Descriptor json.RawMessage `json:"descriptor"` // google.protobuf.DescriptorProto and the like
}

func (c *command) printJSON(d protoreflect.Descriptor, p *printer) error {
	kind, m := protoOf(d)
	b, err := protojson.MarshalOptions{Resolver: p.types}.Marshal(m)
	if err != nil {
		return err
	}
	var compact bytes.Buffer // protojson puts spaces in at random
	if err := json.Compact(&compact, b); err != nil {
		return err
	}
	e := json.NewEncoder(c.env.Out)
	e.SetEscapeHTML(false)
	if c.env.OutTerminal {
		e.SetIndent("", "  ")
	}
	return e.Encode(description{string(d.FullName()), kind, d.ParentFile().Path(), p.String(), compact.Bytes()})
}

// protoOf returns a descriptor as a message, and what it describes.
func protoOf(d protoreflect.Descriptor) (kind string, _ proto.Message) {
	switch d := d.(type) {
	case protoreflect.ServiceDescriptor:
		return "service", protodesc.ToServiceDescriptorProto(d)
	case protoreflect.MethodDescriptor:
		return "method", protodesc.ToMethodDescriptorProto(d)
	case protoreflect.MessageDescriptor:
		return "message", protodesc.ToDescriptorProto(d)
	case protoreflect.EnumDescriptor:
		return "enum", protodesc.ToEnumDescriptorProto(d)
	case protoreflect.EnumValueDescriptor:
		return "enum value", protodesc.ToEnumValueDescriptorProto(d)
	case protoreflect.OneofDescriptor:
		return "oneof", protodesc.ToOneofDescriptorProto(d)
	case protoreflect.FieldDescriptor:
		if d.IsExtension() {
			return "extension", protodesc.ToFieldDescriptorProto(d)
		}
		return "field", protodesc.ToFieldDescriptorProto(d)
	default:
		return "file", protodesc.ToFileDescriptorProto(d.ParentFile())
	}
}
