// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package arith

import "errors"

// [arith]

// Args are the arguments of Arith.
type Args struct{ A, B int }

// Quotient is the answer of Divide.
type Quotient struct{ Quo, Rem int }

// Arith is the service of net/rpc's documentation.
type Arith int

// Multiply stores the product of the arguments in reply.
func (t *Arith) Multiply(args *Args, reply *int) error {
	*reply = args.A * args.B
	return nil
}

// Divide stores quotient and remainder in quo.
func (t *Arith) Divide(args *Args, quo *Quotient) error {
	if args.B == 0 {
		return errors.New("divide by zero")
	}
	quo.Quo = args.A / args.B
	quo.Rem = args.A % args.B
	return nil
}

// [/arith]
