// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/completion"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/source"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/target"
)

const long = `Call a method of a server. The messages are JSON, as protobuf has it (ProtoJSON).

ADDRESS is host:port, unix:///path/to.sock, or http://host:port and https://host:port.
METHOD is pkg.Service/Method or pkg.Service.Method.

The request is the third argument: JSON, @FILE for what is in a file, - for what
comes from standard input. Without it the request is empty. For a method that
takes many messages, they follow one another, with white space between them or
not (NDJSON for instance); without the argument they come from standard input.
From a terminal each line is a message: replies are printed as they come, and
Ctrl-D ends the requests.

The methods and messages are those that the server tells by reflection, unless
--proto or --descriptor-set says from where else. JSON-RPC (--protocol jsonrpc;
jsonrpc1 for Go's net/rpc/jsonrpc) needs neither: requests and replies are JSON of
any kind. Go's net/rpc (--protocol netrpc, or netrpc-http for rpc.HandleHTTP) needs
one of them, or a server of Curlew's; its messages are matched with Go's types by
the names of the fields, so those of a .proto file are written as in Go.

A reply is printed indented on a terminal and on one line elsewhere. With --json
the whole outcome is one document: replies, headers, trailers, status, timings; or
{"error": {"message", "code", "exit_status"}}, if there was no call.

Exit status: 0 if the call went well; 1 if there was no call; 2 for a wrong
command line; if the call failed, 64 and the number of its status code:

  65 canceled            71 permission_denied     76 unimplemented
  66 unknown             72 resource_exhausted    77 internal
  67 invalid_argument    73 failed_precondition   78 unavailable
  68 deadline_exceeded   74 aborted               79 data_loss
  69 not_found           75 out_of_range          80 unauthenticated
  70 already_exists

A server to which there is no connection is unavailable.`

const examples = `  curlew call localhost:8080 shop.v1.Cart/Add '{"sku": "a", "quantity": 2}'
  curlew call localhost:8080 shop.v1.Cart/Add @request.json -v
  curlew call https://shop.example:443 shop.v1.Cart/List -H 'authorization: Bearer xyz' --timeout 2s
  curlew call localhost:50051 grpc.health.v1.Health/Check --protocol grpc
  curlew call localhost:8080 shop.v1.Cart/Add '{}' --proto shop/v1/cart.proto -I proto
  printf '{"text":"a"}\n{"text":"b"}\n' | curlew call localhost:8080 chat.v1.Room/Talk -
  curlew call localhost:8080 Arith.Multiply '{"A": 7, "B": 8}' --protocol jsonrpc
  curlew call localhost:1234 Arith.Multiply '{"A": 7, "B": 8}' --protocol netrpc --proto arith.proto`

// command is the command line, read.
type command struct {
	env  *cli.Env
	to   target.Flags
	from source.Flags

	verbose      bool
	emitDefaults bool
}

// New returns the command.
func New(env *cli.Env) *cobra.Command {
	c := &command{env: env}
	cmd := &cobra.Command{
		Use:               "call ADDRESS METHOD [JSON|@FILE|-]",
		Short:             "Call a method of a server",
		Long:              long,
		Example:           examples,
		ValidArgsFunction: completion.Methods(&c.to, &c.from),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < 2:
			return cli.Usage(cmd, "call needs the server's address and a method")
		case len(args) > 3:
			return cli.Usage(cmd, "call takes one request; %q is too much (put JSON between quotation marks, many messages too)", args[3])
		}
		return nil
	}
	flags := cmd.Flags()
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "show the protocol, headers, trailers and timings, on standard error")
	flags.BoolVar(&c.emitDefaults, "emit-defaults", false, "print fields that have their default value, too")
	c.to.AddTo(flags, target.NetRPC, target.NetRPCHTTP)
	c.from.AddTo(flags)
	completion.Flags(cmd, target.NetRPC, target.NetRPCHTTP)
	return cmd
}

func (c *command) run(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	var argument *string
	if len(args) == 3 {
		argument = &args[2]
	}
	opts, err := c.to.CallOptions()
	if err != nil {
		return cli.Usage(cmd, "%v", err)
	}
	if target.HasGobs(c.to.Protocol) {
		if err := c.fitGobs(cmd); err != nil {
			return err
		}
	}
	in, err := openInput(c.env, argument)
	if err != nil {
		return err
	}
	defer in.close()
	conn, err := c.to.Dial(ctx, args[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	m, err := c.method(ctx, conn, args[0], args[1])
	if err != nil {
		return err
	}
	out := &output{env: c.env, messages: m.messages, verbose: c.verbose}
	out.begin(args[0], conn.Protocol, conn.Dialed, m.Method, c.to.Headers)
	x := &exchange{method: m, in: in, out: out, caller: conn, options: opts}
	ctx, cancel := c.to.Context(ctx)
	defer cancel()
	trailer, err := x.run(ctx)
	return c.report(trailer, err, out)
}

// method is what is called and how its messages are read and printed.
type method struct {
	*curlew.Method
	messages
}

func (c *command) method(ctx context.Context, conn *target.Client, address, name string) (*method, error) {
	if target.HasGobs(c.to.Protocol) {
		return c.gobMethod(ctx, address, name)
	}
	if !target.HasSchema(c.to.Protocol) {
		if c.from.Given() {
			return nil, errors.New("--proto and --descriptor-set are not for JSON-RPC: its messages are JSON without a schema; leave them out")
		}
		return &method{curlew.NewMethod(name, curlew.KindUnary), bare{}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, descriptionTimeout)
	defer cancel()
	src, err := c.from.Open(ctx, conn, name)
	if errors.Is(err, curlew.Unknown) || errors.Is(err, curlew.Internal) {
		return nil, fmt.Errorf("%w\nDoes the server speak %s? --protocol auto looks what it speaks", err, conn.Protocol)
	}
	if err != nil {
		return nil, err
	}
	d, err := src.Method(name)
	if err != nil {
		return nil, err
	}
	known := newDescribed(conn, src, d, c.emitDefaults)
	if c.to.Codec == "json" {
		return &method{target.Method(d), encoded{known}}, nil
	}
	return &method{target.Method(d), known}, nil
}

// descriptionTimeout bounds how long a server may take to describe itself.
const descriptionTimeout = 20 * time.Second

// report prints how a call ended and returns what the command returns.
func (c *command) report(trailer *curlew.Header, err error, out *output) error {
	var local *inputError
	if errors.As(err, &local) || errors.Is(err, errOutput) {
		return err // not the call's
	}
	out.end(trailer, err)
	if c.env.JSON {
		if err := out.document(); err != nil {
			return err
		}
		return cli.Status(target.ExitStatus(curlew.CodeOf(err)), nil)
	}
	if err == nil {
		return nil
	}
	failed := out.failure(err)
	if target.HasGobs(c.to.Protocol) {
		failed = gobFailure(failed)
	}
	return cli.Status(target.ExitStatus(curlew.CodeOf(err)), failed)
}
