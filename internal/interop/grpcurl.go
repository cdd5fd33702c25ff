// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// What is sent: a stream of two requests, and the id of nobody.
const (
	conversation = `{"name":"Ada"}{"name":"Grace"}`
	user99       = `{"id":"99"}`
)

// grpcurl finds services by reflection and calls them: also those that are plain
// Go.
func grpcurl(ctx context.Context, b *bench, c *checks) error {
	path := filepath.Join(b.out, "grpcurl")
	for _, test := range []struct {
		name  string
		args  []string // before the address
		verb  []string // after it
		stdin string
		want  []string
		fails bool
	}{
		{name: "list", verb: []string{"list"}, want: []string{"greet.v1.Greeter", "users.v1.UserService", "Arith", "Ticker", "grpc.reflection.v1.ServerReflection"}},
		{name: "describe generated code", verb: []string{"describe", "greet.v1.Greeter"}, want: []string{"rpc GreetEach ( stream .greet.v1.GreetRequest ) returns ( stream .greet.v1.GreetResponse )"}},
		{name: "describe plain Go", verb: []string{"describe", "Arith"}, want: []string{"rpc Multiply"}},
		{name: "unary", args: []string{"-d", `{"name":"Ada"}`}, verb: []string{"greet.v1.Greeter/Greet"}, want: []string{"Hello, Ada!"}},
		{name: "unary, plain Go", args: []string{"-d", `{"A":7,"B":8}`}, verb: []string{"Arith/Multiply"}, want: []string{`"value": "56"`}},
		{name: "server stream", args: []string{"-d", `{"name":"Ada","times":3}`}, verb: []string{"greet.v1.Greeter/GreetOften"}, want: []string{"Hello, Ada!"}},
		{name: "server stream, plain Go", args: []string{"-d", `{"Every":"0.005s","Count":3}`}, verb: []string{"Ticker/Tick"}, want: []string{`"N": "3"`}},
		{name: "client stream", args: []string{"-d", "@"}, stdin: conversation, verb: []string{"greet.v1.Greeter/GreetAll"}, want: []string{"Hello, Ada, Grace!"}},
		{name: "bidirectional stream", args: []string{"-d", "@"}, stdin: conversation, verb: []string{"greet.v1.Greeter/GreetEach"}, want: []string{"Hello, Ada!", "Hello, Grace!"}},
		{name: "error with details", args: []string{"-d", user99}, verb: []string{"users.v1.UserService/GetUser"}, fails: true,
			want: []string{"Code: NotFound", "there is no user 99", "users.v1.UserProblem", `"field": "id"`}},
		{name: "error of plain Go", args: []string{"-d", `{"A":1}`}, verb: []string{"Arith/Divide"}, fails: true, want: []string{"Code: Unknown", "divide by zero"}},
		{name: "deadline", args: []string{"-max-time", "0.3", "-d", `{"Every":"10s","Count":3}`}, verb: []string{"Ticker/Tick"}, fails: true, want: []string{"DeadlineExceeded"}},
		{name: "metadata", args: []string{"-v", "-H", "x-request: 7", "-d", `{"name":"Ada"}`}, verb: []string{"greet.v1.Greeter/Greet"}, want: []string{"content-type: application/grpc", "Sent 1 request and received 1 response"}},
	} {
		for _, transport := range []string{"-plaintext", "-insecure"} {
			c.check(test.name+" "+transport, func() error {
				args := append([]string{transport}, test.args...)
				out, err := output(ctx, test.stdin, path, append(append(args, b.address), test.verb...)...)
				if (err != nil) != test.fails {
					return fmt.Errorf("%v: %s", err, tail(out, 8))
				}
				return contains(out, test.want...)
			})
		}
	}
	c.check("types for other clients", func() error {
		_, err := b.types(ctx)
		return err
	})
	return nil
}

// types asks the server for the descriptors of its services, and returns the
// name of a file that has them.
func (b *bench) types(ctx context.Context) (string, error) {
	file := filepath.Join(b.out, "demo.protoset")
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	out, err := output(ctx, "", filepath.Join(b.out, "grpcurl"), "-plaintext", "-protoset-out", file, b.address, "list")
	if err != nil {
		return "", fmt.Errorf("reading the types by reflection: %w: %s", err, tail(out, 8))
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("grpcurl wrote no types: %w", err)
	}
	return file, nil
}
