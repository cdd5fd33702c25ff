// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// bufCurl calls through all three protocols. buf finds the services by
// reflection.
func bufCurl(ctx context.Context, b *bench, c *checks) error {
	path := filepath.Join(b.out, "buf")
	for _, test := range []struct {
		name, data, method string
		want               []string
		fails              bool
	}{
		{name: "unary", data: `{"name":"Ada"}`, method: "greet.v1.Greeter/Greet", want: []string{`"Hello, Ada!"`}},
		{name: "unary, plain Go", data: `{"A":7,"B":8}`, method: "Arith/Multiply", want: []string{`"56"`}},
		{name: "server stream", data: `{"name":"Ada","times":3}`, method: "greet.v1.Greeter/GreetOften", want: []string{`"Hello, Ada!"`}},
		{name: "client stream", data: conversation, method: "greet.v1.Greeter/GreetAll", want: []string{`"Hello, Ada, Grace!"`}},
		{name: "bidirectional stream", data: conversation, method: "greet.v1.Greeter/GreetEach", want: []string{`"Hello, Ada!"`, `"Hello, Grace!"`}},
		{name: "error with details", data: user99, method: "users.v1.UserService/GetUser", fails: true, want: []string{`"not_found"`, "there is no user 99", "users.v1.UserProblem"}},
	} {
		for _, protocol := range []string{"grpc", "grpcweb", "connect"} {
			c.check(test.name+", "+protocol, func() error {
				out, err := output(ctx, "", path, "curl", "--protocol", protocol, "--http2-prior-knowledge", "-d", test.data, "http://"+b.address+"/"+test.method)
				if (err != nil) != test.fails {
					return fmt.Errorf("%v: %s", err, tail(out, 8))
				}
				return contains(out, test.want...)
			})
		}
	}
	c.check("TLS", func() error {
		out, err := output(ctx, "", path, "curl", "--protocol", "grpc", "--insecure", "-d", `{"name":"Ada"}`, "https://"+b.address+"/greet.v1.Greeter/Greet")
		if err != nil {
			return fmt.Errorf("%w: %s", err, tail(out, 8))
		}
		return contains(out, `"Hello, Ada!"`)
	})
	return nil
}
