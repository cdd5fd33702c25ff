// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package lscmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/completion"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

const long = `List the services of a server, or the methods of one service.

The names are those that the server tells by reflection. With --proto or
--descriptor-set the files are listed, and there is no ADDRESS.`

const examples = `  curlew ls localhost:8080
  curlew ls localhost:8080 shop.v1.Cart
  curlew ls localhost:8080 --long
  curlew ls --proto shop/v1/cart.proto -I proto shop.v1.Cart`

type command struct {
	env  *cli.Env
	to   target.Flags
	from source.Flags
	long bool
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	c := &command{env: env}
	cmd := &cobra.Command{
		Use:               "ls ADDRESS [SERVICE]",
		Short:             "List the services of a server",
		Long:              long,
		Example:           examples,
		ValidArgsFunction: completion.Services(&c.to, &c.from),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&c.long, "long", "l", false, "list the methods of all services, with their messages")
	c.to.AddConnection(flags)
	c.from.AddTo(flags)
	completion.Flags(cmd)
	return cmd
}

// timeout bounds how long a server may take to describe itself, if the flag does
// not.
const timeout = 30 * time.Second

func (c *command) run(cmd *cobra.Command, args []string) error {
	address := ""
	if !c.from.Given() {
		if len(args) == 0 {
			return cli.Usage(cmd, "ls needs the server's address, or --proto FILE")
		}
		address, args = args[0], args[1:]
	}
	if len(args) > 1 {
		return cli.Usage(cmd, "ls takes one service; %q is too much", args[1])
	}
	if c.to.Timeout == 0 {
		c.to.Timeout = timeout
	}
	ctx, cancel := c.to.Context(cmd.Context())
	defer cancel()
	src, err := c.open(ctx, address)
	if err != nil {
		return err
	}
	services := src.Services
	if len(args) == 1 {
		s, err := src.Service(args[0])
		if err != nil {
			return err
		}
		services = []protoreflect.ServiceDescriptor{s}
	}
	switch {
	case c.env.JSON:
		return c.printJSON(services, src.Undescribed)
	case len(args) == 1:
		return c.printMethods(services[0], "")
	default:
		return c.printServices(services, src.Undescribed)
	}
}

func (c *command) open(ctx context.Context, address string) (*source.Source, error) {
	if address == "" {
		return c.from.Open(ctx, nil, "")
	}
	conn, err := c.to.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return c.from.Open(ctx, conn, "")
}

func (c *command) printServices(services []protoreflect.ServiceDescriptor, undescribed []string) error {
	for _, s := range services {
		if _, err := fmt.Fprintln(c.env.Out, s.FullName()); err != nil {
			return err
		}
		if c.long {
			if err := c.printMethods(s, "  "); err != nil {
				return err
			}
		}
	}
	for _, name := range undescribed {
		if _, err := fmt.Fprintln(c.env.Out, name); err != nil {
			return err
		}
		if !c.env.Quiet {
			fmt.Fprintf(c.env.Err, "curlew: the server does not describe %s; to call it, name its .proto files by --proto\n", name)
		}
	}
	return nil
}

func (c *command) printMethods(s protoreflect.ServiceDescriptor, indent string) error {
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		line := source.MethodName(m)
		if c.long {
			line = fmt.Sprintf("%s(%s) returns (%s)", line, message(m.Input(), m.IsStreamingClient()), message(m.Output(), m.IsStreamingServer()))
		}
		if _, err := io.WriteString(c.env.Out, indent+line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func message(m protoreflect.MessageDescriptor, stream bool) string {
	if stream {
		return "stream " + string(m.FullName())
	}
	return string(m.FullName())
}

// service and method are what --json prints.
type service struct {
	Name    string   `json:"name"`
	Methods []method `json:"methods"` // null if the server does not describe the service
}

type method struct {
	Name        string `json:"name"` // "pkg.Service/Method"
	Kind        string `json:"kind"` // "unary", "client_stream", "server_stream" or "bidi"
	Request     string `json:"request"`
	Reply       string `json:"reply"`
	Idempotency string `json:"idempotency,omitempty"` // "no_side_effects" or "idempotent"
	Deprecated  bool   `json:"deprecated,omitempty"`
}

func (c *command) printJSON(services []protoreflect.ServiceDescriptor, undescribed []string) error {
	list := []service{}
	for _, s := range services {
		d := service{Name: string(s.FullName()), Methods: []method{}}
		for i := range s.Methods().Len() {
			d.Methods = append(d.Methods, methodOf(s.Methods().Get(i)))
		}
		list = append(list, d)
	}
	for _, name := range undescribed {
		list = append(list, service{Name: name})
	}
	e := json.NewEncoder(c.env.Out)
	if c.env.OutTerminal {
		e.SetIndent("", "  ")
	}
	return e.Encode(list)
}

func methodOf(d protoreflect.MethodDescriptor) method {
	m := target.Method(d)
	out := method{
		Name: m.FullName(), Kind: m.Kind().String(),
		Request: string(d.Input().FullName()), Reply: string(d.Output().FullName()),
	}
	if options, ok := d.Options().(*descriptorpb.MethodOptions); ok {
		out.Deprecated = options.GetDeprecated()
		if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
			out.Idempotency = m.Idempotency().String()
		}
	}
	return out
}
