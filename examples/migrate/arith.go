// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package migrate

import (
	"context"

	"net"
	"net/http"
	"net/rpc"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/server"
)

// Args are the arguments of Arith.
type Args struct{ A, B int }

// Arith is the service of net/rpc's documentation.
type Arith int

// Multiply stores the product in reply.
func (t *Arith) Multiply(args *Args, reply *int) error {
	*reply = args.A * args.B
	return nil
}

// Before serves by net/rpc, to clients that use rpc.DialHTTP.
func Before(l net.Listener) error {
	// [before]
	s := rpc.NewServer()
	if err := s.Register(new(Arith)); err != nil {
		return err
	}
	return http.Serve(l, s)
	// [/before]
}

// After serves the same service to the same clients, and to others.
func After(ctx context.Context, l net.Listener) error {
	// [after]
	arith, err := curlew.Reflect(new(Arith))
	if err != nil {
		return err
	}
	s, err := server.New()
	if err != nil {
		return err
	}
	if err := s.Register(arith); err != nil {
		return err
	}
	return s.ServeListener(ctx, l) // or s.ListenAndServe(ctx, ":1234")
	// [/after]
}

// [both]

// Quotient is the answer of Divide.
type Quotient struct{ Quo, Rem int }

// Divide is a new method beside the old ones. It sees the caller's deadline and
// metadata, and its error has a code, for clients whose protocol carries them.
// Clients of net/rpc call it like any other.
func (t *Arith) Divide(ctx context.Context, args *Args) (*Quotient, error) {
	if args.B == 0 {
		return nil, curlew.NewError(curlew.InvalidArgument, "divide by zero")
	}
	return &Quotient{Quo: args.A / args.B, Rem: args.A % args.B}, ctx.Err()
}

// [/both]
