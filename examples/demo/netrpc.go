// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/arith"
	"github.com/curlewrpc/curlew/wire/netrpc"
)

func (t *tour) goNetRPC() error {
	c, err := rpc.Dial("tcp", t.host.address)
	if err != nil {
		return err
	}
	t.goArithmetic(c)
	t.goAsynchronous(c)
	t.check("greet.v1.Greeter.Greet", "Hello, Ada!", func(context.Context) (string, error) {
		var greeting struct{ Text string }
		err := c.Call("greet.v1.Greeter.Greet", struct{ Name string }{"Ada"}, &greeting)
		return greeting.Text, err
	})
	return c.Close()
}

func (t *tour) goNetRPCOverHTTP() error {
	c, err := rpc.DialHTTP("tcp", t.host.address)
	if err != nil {
		return err
	}
	t.goArithmetic(c)
	return c.Close()
}

// goArithmetic makes the calls of arithmetic with a client of net/rpc.
func (t *tour) goArithmetic(c *rpc.Client) {
	t.check("Calculator.Add 7, 8", "15", func(context.Context) (string, error) {
		var sum arith.Sum
		err := c.Call("Calculator.Add", &arith.Numbers{A: 7, B: 8}, &sum)
		return fmt.Sprint(sum.Value), err
	})
	t.check("Arith.Multiply 7, 8", "56", func(context.Context) (string, error) {
		var product int
		err := c.Call("Arith.Multiply", &arith.Args{A: 7, B: 8}, &product)
		return fmt.Sprint(product), err
	})
	t.check("Arith.Divide 1, 0", "error: divide by zero", func(context.Context) (string, error) {
		var quotient arith.Quotient
		err := c.Call("Arith.Divide", &arith.Args{A: 1, B: 0}, &quotient)
		return fmt.Sprint(quotient), err
	})
}

func (t *tour) goAsynchronous(c *rpc.Client) {
	t.check("Go: 100 sums, one Done channel", "100 answers, in all 9900", func(ctx context.Context) (string, error) {
		done := make(chan *rpc.Call, 100)
		for i := range 100 {
			c.Go("Calculator.Add", &arith.Numbers{A: i, B: i}, new(arith.Sum), done)
		}
		total := 0
		for range 100 {
			select {
			case call := <-done:
				if call.Error != nil {
					return "", call.Error
				}
				total += call.Reply.(*arith.Sum).Value
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		return fmt.Sprintf("100 answers, in all %d", total), nil
	})
}

func (t *tour) curlewNetRPC() error {
	return t.dial(t.host.address, []client.Option{client.WithProtocol(netrpc.New())}, func(c *client.Client) {
		t.arithmetic(c)
		t.asynchronous(c)
	})
}

// curlewToGoServer calls a server of the standard library.
func (t *tour) curlewToGoServer() error {
	s := rpc.NewServer()
	if err := s.Register(new(arith.Arith)); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.ServeConn(conn) // one after the other is enough here
		}
	}()
	err = t.dial(l.Addr().String(), []client.Option{client.WithProtocol(netrpc.New())}, t.multiplication)
	err = errors.Join(err, l.Close())
	<-accepted
	return err
}
