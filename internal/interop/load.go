// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
	grpcwire "github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

const (
	loadTimeout = 20 * time.Second // of one call under load
	perStream   = 20               // messages of a server stream
)

// caller makes one call and says what was wrong with it.
type caller func(ctx context.Context) error

// load makes calls, several at a time, until it is stopped.
type load struct {
	cancel  context.CancelFunc
	callers sync.WaitGroup

	mu     sync.Mutex
	calls  int
	errors []error
}

// newLoad begins with n callers of each kind.
func newLoad(ctx context.Context, n int, kinds map[string]caller) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	for name, call := range kinds {
		for range n {
			l.callers.Go(func() {
				for ctx.Err() == nil {
					l.one(ctx, name, call)
				}
			})
		}
	}
	return l
}

// one makes a call, which the end of the load does not cut.
func (l *load) one(ctx context.Context, name string, call caller) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
	defer stop()
	err := call(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if err != nil {
		l.errors = append(l.errors, fmt.Errorf("call %d, %s: %w", l.calls, name, err))
	}
}

// made returns how many calls there were so far.
func (l *load) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// stop ends the load and returns how many calls there were, and what failed.
func (l *load) stop() (int, error) {
	l.cancel()
	l.callers.Wait()
	if len(l.errors) == 0 {
		return l.calls, nil
	}
	return l.calls, fmt.Errorf("%d of %d calls failed; the first: %w", len(l.errors), l.calls, l.errors[0])
}

// callersOf returns the calls that clients of the gRPC wire make at an address:
// grpc-go's client and Curlew's, unary and a server stream. The caller must call
// close.
func callersOf(address string) (calls map[string]caller, close func(), err error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	c, err := client.New(address, client.WithProtocol(grpcwire.NewClient(h2.Dial, proto.New())))
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	greet := curlew.Unary[greetv1.GreetRequest, greetv1.GreetResponse]("greet.v1.Greeter/Greet", nil)
	often := curlew.ServerStream[greetv1.GreetOftenRequest, greetv1.GreetResponse]("greet.v1.Greeter/GreetOften", nil)
	return map[string]caller{
		"grpc-go unary":  func(ctx context.Context) error { return grpcUnary(ctx, conn) },
		"grpc-go stream": func(ctx context.Context) error { return grpcStream(ctx, conn) },
		"Curlew unary": func(ctx context.Context) error {
			out := new(greetv1.GreetResponse)
			if err := c.Invoke(ctx, greet, &greetv1.GreetRequest{Name: "Ada"}, out); err != nil {
				return err
			}
			return wantGreeting(out)
		},
		"Curlew stream": func(ctx context.Context) error {
			stream, err := curlew.OpenServerStream[greetv1.GreetOftenRequest, greetv1.GreetResponse](ctx, c, often, &greetv1.GreetOftenRequest{Name: "Ada", Times: perStream})
			if err != nil {
				return err
			}
			n := 0
			for out, err := range stream.All(ctx) {
				if err != nil {
					return err
				}
				n++
				if err := wantGreeting(out); err != nil {
					return err
				}
			}
			return wantMessages(n)
		},
	}, func() { conn.Close(); c.Close() }, nil
}

func grpcUnary(ctx context.Context, conn *grpc.ClientConn) error {
	out := new(greetv1.GreetResponse)
	if err := conn.Invoke(ctx, "/greet.v1.Greeter/Greet", &greetv1.GreetRequest{Name: "Ada"}, out); err != nil {
		return err
	}
	return wantGreeting(out)
}

func grpcStream(ctx context.Context, conn *grpc.ClientConn) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{StreamName: "GreetOften", ServerStreams: true}, "/greet.v1.Greeter/GreetOften")
	if err != nil {
		return err
	}
	if err := errors.Join(stream.SendMsg(&greetv1.GreetOftenRequest{Name: "Ada", Times: perStream}), stream.CloseSend()); err != nil {
		return err
	}
	for n := 0; ; n++ {
		out := new(greetv1.GreetResponse)
		switch err := stream.RecvMsg(out); {
		case err == io.EOF:
			return wantMessages(n)
		case err != nil:
			return err
		}
		if err := wantGreeting(out); err != nil {
			return err
		}
	}
}

func wantGreeting(out *greetv1.GreetResponse) error {
	if out.GetText() != "Hello, Ada!" {
		return fmt.Errorf("the answer is %q", out.GetText())
	}
	return nil
}

func wantMessages(n int) error {
	if n != perStream {
		return fmt.Errorf("%d messages instead of %d", n, perStream)
	}
	return nil
}
