// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

const serviceName = "curlew.bench.v1.Echo"

// Frameworks returns grpc-go. Server workers (NumStreamWorkers) are on: they are
// an option that its documentation names for speed. Buffer sizes and windows are
// the defaults; its window grows by itself.
func Frameworks() []rival.Framework {
	return []rival.Framework{{
		Name:    "grpc-go",
		About:   "grpc-go, HTTP/2 without TLS, NumStreamWorkers(64), else default settings",
		Streams: true,
		Serve:   serve,
		Dial:    dial,
	}}
}

// echoServer is what generated code calls a service.
type echoServer interface{}

type echo struct{}

// description is what protoc-gen-go-grpc would generate.
func description() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: serviceName,
		HandlerType: (*echoServer)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Echo",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				in := new(echopb.Message)
				if err := decode(in); err != nil {
					return nil, err
				}
				return &echopb.Message{Payload: in.GetPayload()}, nil
			},
		}},
		Streams: []grpc.StreamDesc{{
			StreamName:    "Stream",
			ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				in := new(echopb.Message)
				if err := stream.RecvMsg(in); err != nil {
					return err
				}
				for range in.GetCount() {
					if err := stream.SendMsg(&echopb.Message{Payload: in.GetPayload()}); err != nil {
						return err
					}
				}
				return nil
			},
		}},
	}
}

func serve(ln net.Listener) error {
	s := grpc.NewServer(grpc.NumStreamWorkers(64), grpc.MaxRecvMsgSize(rival.MaxMessage+1024))
	s.RegisterService(description(), echo{})
	return s.Serve(ln)
}

type caller struct{ conns []*grpc.ClientConn }

func dial(_ context.Context, addr string, conns int) (rival.Client, error) {
	c := new(caller)
	for range conns {
		one, err := grpc.NewClient("passthrough:///"+addr,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(rival.MaxMessage+1024)))
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.conns = append(c.conns, one)
	}
	return c, nil
}

func (c *caller) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	in, out := &echopb.Message{Payload: payload}, new(echopb.Message)
	if err := c.conns[conn].Invoke(ctx, "/"+serviceName+"/Echo", in, out, grpc.StaticMethod()); err != nil {
		return nil, err
	}
	return out.GetPayload(), nil
}

func (c *caller) Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) error {
	desc := &grpc.StreamDesc{ServerStreams: true}
	stream, err := c.conns[conn].NewStream(ctx, desc, "/"+serviceName+"/Stream", grpc.StaticMethod())
	if err != nil {
		return err
	}
	in := &echopb.Message{Payload: payload, Count: proto.Uint32(uint32(count))}
	if err := errors.Join(stream.SendMsg(in), stream.CloseSend()); err != nil {
		return err
	}
	for {
		out := new(echopb.Message)
		if err := stream.RecvMsg(out); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if err := received(out.GetPayload()); err != nil {
			return err
		}
	}
}

func (c *caller) Close() error {
	var errs []error
	for _, one := range c.conns {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
