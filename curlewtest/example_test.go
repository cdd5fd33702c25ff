// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlewtest_test

import (
	"context"
	"fmt"
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

func ExampleServe() {
	// In a test file this is func TestGreet(t *testing.T).
	test := func(t *testing.T) {
		c := curlewtest.Serve(t, greeter)
		var g Greeting
		if err := c.Call(t.Context(), "Greeter.Greet", Person{"Ada"}, &g); err != nil {
			t.Fatal(err)
		}
		fmt.Println(g.Text)
	}
	testing.RunTests(func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "TestGreet", F: test}})
	// Output: Hello, Ada
}
