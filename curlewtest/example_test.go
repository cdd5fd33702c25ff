// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlewtest_test

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
)

type Person struct{ Name string }

type Greeting struct{ Text string }

var greeter = curlew.NewService("Greeter",
	curlew.Unary("Greet", func(_ context.Context, p *Person) (*Greeting, error) {
		return &Greeting{"Hello, " + p.Name}, nil
	}),
)

func TestGreet(t *testing.T) {
	c := curlewtest.Serve(t, greeter)
	var g Greeting
	if err := c.Call(t.Context(), "Greeter.Greet", Person{"Ada"}, &g); err != nil {
		t.Fatal(err)
	}
	if g.Text != "Hello, Ada" {
		t.Errorf("got %q", g.Text)
	}
}

func ExampleServe() {
	var t *testing.T // the parameter of a func TestGreet
	c := curlewtest.Serve(t, greeter)
	var g Greeting
	if err := c.Call(t.Context(), "Greeter.Greet", Person{"Ada"}, &g); err != nil {
		t.Fatal(err)
	}
	if g.Text != "Hello, Ada" {
		t.Errorf("got %q", g.Text)
	}
}
