// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/server"
)

type Args struct{ A, B int }

type Quotient struct{ Value, Rest int }

// startServer serves a service and returns where.
func startServer() (address string, stop func()) {
	s, err := server.New()
	if err != nil {
		panic(err)
	}
	arith := curlew.NewService("Arith", curlew.Unary("Divide", func(_ context.Context, in *Args) (*Quotient, error) {
		if in.B == 0 {
			return nil, errors.New("divide by zero")
		}
		return &Quotient{in.A / in.B, in.A % in.B}, nil
	}))
	if err := s.Register(arith); err != nil {
		panic(err)
	}
	if err := s.Listen(context.Background(), "127.0.0.1:0"); err != nil {
		panic(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Serve(context.Background()); err != nil {
			panic(err)
		}
	}()
	return s.Addrs()[0].String(), func() {
		_ = s.Shutdown(context.Background())
		<-ended
	}
}

func Example() {
	address, stop := startServer()
	defer stop()

	c, err := client.New(address, client.WithDefaultTimeout(5*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	ctx := context.Background()
	var q Quotient
	err = c.Call(ctx, "Arith.Divide", Args{17, 5}, &q)
	fmt.Println(q.Value, q.Rest, err)

	err = c.Call(ctx, "Arith.Divide", Args{17, 0}, &q)
	fmt.Println(err)

	pending := c.Go(ctx, "Arith.Divide", Args{8, 4}, &q, nil)
	<-pending.Done
	fmt.Println(q.Value, q.Rest, pending.Error)
	// Output:
	// 3 2 <nil>
	// divide by zero
	// 2 0 <nil>
}

func ExampleWithPolicy() {
	rules := policy.Rules{
		Default: policy.Method{
			Timeout:         5 * time.Second,
			InstanceBreaker: &resilience.Breaker{Consecutive: 5},
		},
		Reads:  policy.Method{Hedge: &resilience.Hedge{}},
		Writes: policy.Method{Timeout: 10 * time.Second, Concurrency: &resilience.Concurrency{Limit: 100, Queue: 200}},
	}
	snapshot, err := policy.New(rules) // the error tells what is wrong with them
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New("10.0.0.1:80,10.0.0.2:80,10.0.0.3:80",
		client.WithPolicy(snapshot),
		client.WithPool(client.Pool{MinIdle: 1, MaxLifetime: time.Hour}),
		client.WithHealthChecks(client.HealthCheck{Interval: 5 * time.Second}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for _, b := range c.Breakers() {
		fmt.Println(b.Server, b.Circuit.State())
	}
}
