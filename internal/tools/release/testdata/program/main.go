// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Command user is a first program: a service made from a function.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/curlewrpc/curlew"
)

type greetRequest struct{ Name string }

type greetReply struct{ Text string }

func main() {
	greeter := curlew.NewService("Greeter",
		curlew.Unary("Greet", func(_ context.Context, in *greetRequest) (*greetReply, error) {
			return &greetReply{Text: "Hello, " + in.Name}, nil
		}),
	)
	if err := greeter.Err(); err != nil {
		log.Fatal(err)
	}
	for _, m := range greeter.Methods() {
		fmt.Println(m.FullName())
	}
}
