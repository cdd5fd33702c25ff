// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew_test

import (
	"context"
	"fmt"

	"github.com/curlewrpc/curlew"
)

type Numbers struct{ A, B int }

// Calculator is a service in plain Go.
type Calculator struct{}

func (Calculator) Add(_ context.Context, in *Numbers) (int, error) { return in.A + in.B, nil }

func (Calculator) Divide(in *Numbers, quotient *int) error {
	if in.B == 0 {
		return curlew.NewError(curlew.InvalidArgument, "divide by zero")
	}
	*quotient = in.A / in.B
	return nil
}

func (Calculator) String() string { return "a calculator" }

func ExampleReflect() {
	calculator, err := curlew.Reflect(Calculator{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range calculator.Methods() {
		fmt.Println(m.FullName(), m.RequestType(), "to", m.ReplyType())
	}
	for _, s := range calculator.Skipped() {
		fmt.Printf("%s left out: %s\n", s.Method, s.Reason)
	}
	// Output:
	// Calculator/Add curlew_test.Numbers to int
	// Calculator/Divide curlew_test.Numbers to int
	// String left out: its last result is string, not error
}

func ExampleNewService() {
	greeter := curlew.NewService("demo.Greeter",
		curlew.Unary("Greet", func(ctx context.Context, name *string) (*string, error) {
			text := "Hello, " + *name
			return &text, nil
		}, curlew.NoSideEffects),
		curlew.ServerStream("Count", func(ctx context.Context, to *int, out curlew.Sender[int]) error {
			for i := range *to {
				if err := out.Send(ctx, &i); err != nil {
					return err
				}
			}
			return nil
		}),
	)
	for _, m := range greeter.Methods() {
		fmt.Println(m.FullName(), m.Kind(), m.Idempotency())
	}
	// Output:
	// demo.Greeter/Greet unary no_side_effects
	// demo.Greeter/Count server_stream unknown
}
