// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
	"github.com/curlewrpc/curlew/client"
	codec "github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/connect"
	"github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

const serviceName = "curlew.bench.v1.Echo"

// Plain is echopb.Message as a plain Go type.
type Plain struct {
	Payload []byte
	Count   uint32
}

// kind is a type of messages, and the protocol that carries them.
type kind[M any] struct {
	protocol wire.Protocol // nil: the default
	message  func(payload []byte, count int) *M
	payload  func(*M) []byte
	count    func(*M) int
}

// Frameworks returns Curlew with protobuf messages over three protocols, and with
// plain Go types.
func Frameworks() []rival.Framework {
	return []rival.Framework{
		protobuf(nil).framework("curlew", "Curlew, native protocol, protobuf messages, default settings"),
		protobuf(grpc.NewClient(h2.Dial, codec.New())).
			framework("curlew-grpc", "Curlew, gRPC over HTTP/2 without TLS, protobuf messages, default settings"),
		protobuf(connect.NewClient(h2.Dial, codec.New())).
			framework("curlew-connect", "Curlew, Connect protocol over HTTP/2 without TLS, protobuf messages, default settings"),
		kind[Plain]{
			message: func(payload []byte, count int) *Plain { return &Plain{payload, uint32(count)} },
			payload: func(m *Plain) []byte { return m.Payload },
			count:   func(m *Plain) int { return int(m.Count) },
		}.framework("curlew-plain", "Curlew, native protocol, plain Go types (schema codec), default settings"),
	}
}

// protobuf is messages of protobuf over a protocol.
func protobuf(p wire.Protocol) kind[echopb.Message] {
	return kind[echopb.Message]{
		protocol: p,
		message: func(payload []byte, count int) *echopb.Message {
			m := &echopb.Message{Payload: payload}
			if count > 0 {
				m.Count = proto.Uint32(uint32(count))
			}
			return m
		},
		payload: (*echopb.Message).GetPayload,
		count:   func(m *echopb.Message) int { return int(m.GetCount()) },
	}
}

func (k kind[M]) framework(name, about string) rival.Framework {
	return rival.Framework{Name: name, About: about, Streams: true, Serve: k.serve, Dial: k.dial}
}

func (k kind[M]) service() *curlew.Service {
	return curlew.NewService(serviceName,
		curlew.Unary("Echo", func(_ context.Context, m *M) (*M, error) {
			return k.message(k.payload(m), 0), nil
		}),
		curlew.ServerStream("Stream", func(ctx context.Context, m *M, out curlew.Sender[M]) error {
			for range k.count(m) {
				if err := out.Send(ctx, k.message(k.payload(m), 0)); err != nil {
					return err
				}
			}
			return nil
		}),
	)
}

func (k kind[M]) serve(ln net.Listener) error {
	s, err := server.New()
	if err != nil {
		return err
	}
	if err := s.Register(k.service()); err != nil {
		return err
	}
	return s.ServeListener(context.Background(), ln)
}

// caller is a client of M, with a client of Curlew for each connection.
type caller[M any] struct {
	kind   kind[M]
	conns  []*client.Client
	echo   *curlew.Method
	stream *curlew.Method
}

func (k kind[M]) dial(ctx context.Context, addr string, conns int) (rival.Client, error) {
	c := &caller[M]{kind: k}
	for _, m := range k.service().Methods() {
		switch m.Name() {
		case "Echo":
			c.echo = m
		case "Stream":
			c.stream = m
		}
	}
	options := []client.Option{client.WithPool(client.Pool{MaxConnections: 1})}
	if k.protocol != nil {
		options = append(options, client.WithProtocol(k.protocol))
	}
	for range conns {
		one, err := client.New(addr, options...)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.conns = append(c.conns, one)
	}
	return c, nil
}

func (c *caller[M]) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	reply := new(M)
	if err := c.conns[conn].Invoke(ctx, c.echo, c.kind.message(payload, 0), reply); err != nil {
		return nil, err
	}
	return c.kind.payload(reply), nil
}

func (c *caller[M]) Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) error {
	stream, err := c.conns[conn].Open(ctx, c.stream)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := stream.Send(ctx, c.kind.message(payload, count)); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		reply := new(M)
		if err := stream.Receive(ctx, reply); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := received(c.kind.payload(reply)); err != nil {
			return err
		}
	}
}

func (c *caller[M]) Close() error {
	var errs []error
	for _, one := range c.conns {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
