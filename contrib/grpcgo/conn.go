// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
)

// Conn makes the calls of generated clients by a [curlew.Caller]. It is a
// [grpc.ClientConnInterface], safe for concurrent use, and needs no Close.
type Conn struct {
	caller    curlew.Caller
	secure    bool
	authority string
	methods   methods
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// ConnOption changes a Conn.
type ConnOption func(*Conn)

// WithSecurity says that the caller's connections are all encrypted, and to
// authority, "shop.example" or with a port: without it, credentials that want
// encryption are refused, since a Conn cannot see the connections.
func WithSecurity(authority string) ConnOption {
	return func(c *Conn) { c.secure, c.authority = true, authority }
}

// NewConn returns a Conn over c, a *client.Client for instance.
func NewConn(c curlew.Caller, opts ...ConnOption) *Conn {
	conn := &Conn{caller: c}
	for _, opt := range opts {
		opt(conn)
	}
	return conn
}

// Invoke implements [grpc.ClientConnInterface].
func (c *Conn) Invoke(ctx context.Context, method string, request, reply any, opts ...grpc.CallOption) error {
	o, err := c.options(ctx, method, opts)
	if err != nil {
		return o.finish(err)
	}
	if reply == nil { // grpc-go looks at it only if the call succeeds
		reply = new(emptypb.Empty)
	}
	m := c.methods.method(method, curlew.KindUnary)
	return o.finish(fromCall(c.caller.Invoke(ctx, m, sound(request), reply, o.list...)))
}

// NewStream implements [grpc.ClientConnInterface].
func (c *Conn) NewStream(ctx context.Context, d *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	o, err := c.options(ctx, method, opts)
	if err != nil {
		return nil, o.finish(err)
	}
	kind := kindOf(d)
	stream, err := c.caller.Open(ctx, c.methods.method(method, kind), o.list...)
	if err != nil {
		return nil, o.finish(fromCall(err))
	}
	return newClientStream(ctx, stream, kind, o), nil
}

// ClientConnOption changes what [Conn.ClientConn] returns.
type ClientConnOption func(*[]grpc.DialOption)

// WithUnaryClientInterceptors runs interceptors around unary calls, the first
// outermost.
func WithUnaryClientInterceptors(interceptors ...grpc.UnaryClientInterceptor) ClientConnOption {
	return func(d *[]grpc.DialOption) { *d = append(*d, grpc.WithChainUnaryInterceptor(interceptors...)) }
}

// WithStreamClientInterceptors runs interceptors around the opening of streams,
// the first outermost.
func WithStreamClientInterceptors(interceptors ...grpc.StreamClientInterceptor) ClientConnOption {
	return func(d *[]grpc.DialOption) { *d = append(*d, grpc.WithChainStreamInterceptor(interceptors...)) }
}

// WithDefaultCallOptions gives options to every call, before its own.
func WithDefaultCallOptions(opts ...grpc.CallOption) ClientConnOption {
	return func(d *[]grpc.DialOption) { *d = append(*d, grpc.WithDefaultCallOptions(opts...)) }
}

// ClientConn returns a connection of grpc-go's own type whose calls c makes: for
// code that holds a *grpc.ClientConn, and for grpc-go's client interceptors,
// which are given one. It never connects by itself: its state is idle for ever,
// and Connect leads to an error that says so. The caller must Close it; that ends
// no calls.
func (c *Conn) ClientConn(opts ...ClientConnOption) (*grpc.ClientConn, error) {
	dial := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), // of connections that are never made
		grpc.WithContextDialer(noConnection),
	}
	for _, opt := range opts {
		opt(&dial)
	}
	// The innermost interceptors make the calls, instead of what comes next.
	dial = append(dial, grpc.WithChainUnaryInterceptor(c.invoke), grpc.WithChainStreamInterceptor(c.newStream))
	conn, err := grpc.NewClient("passthrough:///"+c.target(), dial...)
	if err != nil {
		return nil, fmt.Errorf("grpcgo: %w", err)
	}
	return conn, nil
}

func (c *Conn) invoke(ctx context.Context, method string, request, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return c.Invoke(ctx, method, request, reply, opts...)
}

func (c *Conn) newStream(ctx context.Context, d *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.NewStream(ctx, d, method, opts...)
}

func noConnection(context.Context, string) (net.Conn, error) {
	return nil, errors.New("grpcgo: this grpc.ClientConn has no connection; use it for calls only, and Curlew's client for the rest")
}

// target names what the calls go to, if the caller knows.
func (c *Conn) target() string {
	if t, ok := c.caller.(interface{ Target() discovery.Target }); ok {
		return t.Target().String()
	}
	return "curlew"
}
