// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
)

// curl calls by hand-written requests.
func curl(ctx context.Context, b *bench, c *checks) error {
	path, err := find("curl")
	if err != nil {
		return err
	}
	const (
		multiply = "/Arith/Multiply"
		body     = `{"A":7,"B":8}`
		json     = "content-type: application/json"
		get      = "/greet.v1.Greeter/Greet?connect=v1&encoding=json&message=%7B%22name%22%3A%22Ada%22%7D"
	)
	plain, secure := "http://"+b.address, "https://"+b.address
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"POST of what curl sends by itself", []string{"-d", body, plain + multiply}, []string{`{"value":56}`, "200 1.1"}},
		{"POST of JSON", []string{"-H", json, "-d", body, plain + multiply}, []string{`{"value":56}`, "200 1.1"}},
		{"POST to generated code", []string{"-H", json, "-d", `{"name":"Ada"}`, plain + "/greet.v1.Greeter/Greet"}, []string{`{"text":"Hello, Ada!"}`, "200"}},
		{"HTTP/2 by prior knowledge", []string{"--http2-prior-knowledge", "-H", json, "-d", body, plain + multiply}, []string{`{"value":56}`, "200 2"}},
		{"HTTP/1.1 over TLS", []string{"-k", "--http1.1", "-H", json, "-d", body, secure + multiply}, []string{`{"value":56}`, "200 1.1"}},
		{"HTTP/2 over TLS", []string{"-k", "--http2", "-H", json, "-d", body, secure + multiply}, []string{`{"value":56}`, "200 2"}},
		{"GET", []string{plain + get}, []string{`{"text":"Hello, Ada!"}`, "200"}},
		{"a compressed reply", []string{"--compressed", "-H", json, "-d", body, plain + multiply}, []string{`{"value":56}`, "200"}},
		{"a chunked request", []string{"-H", json, "-H", "transfer-encoding: chunked", "-d", body, plain + multiply}, []string{`{"value":56}`, "200"}},
		{"an error with details", []string{"-H", json, "-d", `{"id":99}`, plain + "/users.v1.UserService/GetUser"},
			[]string{`"code":"not_found"`, "there is no user 99", "users.v1.UserProblem", "404"}},
		{"an error of plain Go", []string{"-H", json, "-d", `{"A":1}`, plain + "/Arith/Divide"}, []string{`"code":"unknown"`, "divide by zero", "500"}},
		{"malformed JSON", []string{"-H", json, "-d", `{"A":`, plain + multiply}, []string{`"code":"invalid_argument"`, "400"}},
		{"no such method", []string{"-H", json, "-d", "{}", plain + "/Arith/Power"}, []string{"Power", "404"}},
		{"no such service", []string{"-H", json, "-d", "{}", plain + "/Nothing/At"}, []string{"404"}},
		{"a wrong content type", []string{"-H", "content-type: text/csv", "-d", "7,8", plain + multiply}, []string{"415"}},
		{"a wrong HTTP method", []string{"-X", "PUT", "-H", json, "-d", body, plain + multiply}, []string{"405"}},
		{"many requests on one connection", []string{"-H", json, "-d", body, plain + multiply, plain + multiply}, []string{`{"value":56}`, "200 1.1 0"}},
	} {
		c.check(test.name, func() error {
			args := append([]string{"-sS", "--max-time", "20", "-w", "\n%{http_code} %{http_version} %{num_connects}\n"}, test.args...)
			out, err := output(ctx, "", path, args...)
			if err != nil {
				return err
			}
			return contains(out, test.want...)
		})
	}
	return nil
}
