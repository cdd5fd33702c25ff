// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package greeter_test

import (
	"errors"
	"io"
	"testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/examples/greeter"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
)

func serve(t *testing.T) greetv1.GreeterClient {
	t.Helper()
	// [stub]
	service := greetv1.NewGreeterService(greeter.Greeter{}) // for a server's Register
	c := curlewtest.Serve(t, service)                       // or client.New("localhost:8080")
	return greetv1.NewGreeterClient(c)
	// [/stub]
}

func TestGreet(t *testing.T) {
	c := serve(t)
	greeting, err := c.Greet(t.Context(), &greetv1.GreetRequest{Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if greeting.GetText() != "Hello, Ada!" {
		t.Errorf("the greeting is %q, want Hello, Ada!", greeting.GetText())
	}
	if _, err := c.Greet(t.Context(), &greetv1.GreetRequest{}); !errors.Is(err, curlew.InvalidArgument) {
		t.Errorf("greeting nobody gives %v, want invalid_argument", err)
	}
}

func TestGreetOften(t *testing.T) {
	c := serve(t)
	greetings, err := c.GreetOften(t.Context(), &greetv1.GreetOftenRequest{Name: "Ada", Times: 3})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for greeting, err := range greetings.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if greeting.GetText() != "Hello, Ada!" {
			t.Errorf("greeting %d is %q, want Hello, Ada!", n, greeting.GetText())
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d greetings came, want 3", n)
	}
	greetings, err = c.GreetOften(t.Context(), &greetv1.GreetOftenRequest{Name: "Ada", Times: 1e6})
	if err == nil {
		_, err = greetings.Receive(t.Context())
	}
	if !errors.Is(err, curlew.OutOfRange) {
		t.Errorf("a million greetings give %v, want out_of_range", err)
	}
}

func TestGreetAll(t *testing.T) {
	names, err := serve(t).GreetAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ada", "Grace", "Barbara"} {
		if err := names.Send(t.Context(), &greetv1.GreetRequest{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	greeting, err := names.CloseAndReceive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := "Hello, Ada, Grace, Barbara!"; greeting.GetText() != want {
		t.Errorf("the greeting is %q, want %q", greeting.GetText(), want)
	}
}

func TestGreetEach(t *testing.T) {
	both, err := serve(t).GreetEach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	for _, name := range []string{"Ada", "Grace"} {
		if err := both.Send(t.Context(), &greetv1.GreetRequest{Name: name}); err != nil {
			t.Fatal(err)
		}
		greeting, err := both.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := "Hello, " + name + "!"; greeting.GetText() != want {
			t.Errorf("the greeting is %q, want %q", greeting.GetText(), want)
		}
	}
	if err := both.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := both.Receive(t.Context()); err != io.EOF {
		t.Errorf("after the last greeting comes %v, want io.EOF", err)
	}
}
