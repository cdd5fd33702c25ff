// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package reflection_test

import (
	"context"
	"fmt"
	"log"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/reflection"
	"github.com/curlewrpc/curlew/server"
)

type Point struct{ X, Y int }

func Example() {
	s, err := server.New()
	if err != nil {
		log.Fatal(err)
	}
	mirror := func(_ context.Context, p *Point) (*Point, error) { return &Point{-p.X, -p.Y}, nil }
	if err := s.Register(curlew.NewService("Plane", curlew.Unary("Mirror", mirror))); err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	if err := s.Listen(ctx, "localhost:0"); err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()

	c, err := client.New(s.Addrs()[0].String())
	if err != nil {
		log.Fatal(err)
	}
	files, err := reflection.NewClient(c).Files(ctx, "Plane")
	if err != nil {
		log.Fatal(err)
	}
	d, err := files.FindDescriptorByName("Plane")
	if err != nil {
		log.Fatal(err)
	}
	m := d.(protoreflect.ServiceDescriptor).Methods().Get(0)
	fmt.Println(m.FullName(), "takes", m.Input().FullName())
	for i := range m.Input().Fields().Len() {
		field := m.Input().Fields().Get(i)
		fmt.Println(field.Kind(), field.Name(), "=", field.Number())
	}
	c.Close()
	stop()
	fmt.Println(<-served)
	// Output:
	// Plane.Mirror takes reflection_test.Point
	// int64 X = 1
	// int64 Y = 2
	// <nil>
}
