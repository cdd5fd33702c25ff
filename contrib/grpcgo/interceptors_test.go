// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// notes is what interceptors have seen, in order.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, what)
}

func (n *notes) expect(t *testing.T, want ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.list, want) {
		t.Errorf("the interceptors saw %q, want %q", n.list, want)
	}
	n.list = nil
}

// TestUnaryInterceptors wraps calls on both sides: interceptors see and change
// requests, replies, metadata and errors.
func TestUnaryInterceptors(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		var seen notes
		s := &service{unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			seen.add("handler " + string(in.Payload.Body))
			md, _ := metadata.FromIncomingContext(ctx)
			return &testgrpc.SimpleResponse{Username: md.Get("user")[0]}, nil
		}}
		onServer := func(name string) grpc.UnaryServerInterceptor {
			return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				in := proto.CloneOf(request.(*testgrpc.SimpleRequest))
				seen.add(name + " " + info.FullMethod)
				if info.Server != any(s) {
					t.Errorf("the server is a %T", info.Server)
				}
				if string(in.Payload.Body) == "stop at "+name {
					return nil, status.Error(codes.PermissionDenied, "stopped at "+name)
				}
				in.Payload.Body = append(in.Payload.Body, name...)
				reply, err := next(ctx, in)
				if err == nil {
					reply.(*testgrpc.SimpleResponse).Hostname += name
				}
				return reply, err
			}
		}
		onClient := func(name string) grpc.UnaryClientInterceptor {
			return func(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				seen.add(name + " " + method)
				if cc.Target() == "" {
					t.Error("the connection has no target")
				}
				return next(metadata.AppendToOutgoingContext(ctx, "user", name), method, request, reply, cc, opts...)
			}
		}
		var header metadata.MD
		client := start(s, config{
			unaryServer: []grpc.UnaryServerInterceptor{onServer("A"), onServer("B"), onServer("C")},
			unaryClient: []grpc.UnaryClientInterceptor{onClient("X"), onClient("Y")},
			callOptions: []grpc.CallOption{grpc.Header(&header)},
		})
		reply, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{Payload: body("hello")})
		require(t, err)
		const method = "/grpc.testing.TestService/UnaryCall"
		seen.expect(t, "X "+method, "Y "+method, "A "+method, "B "+method, "C "+method, "handler helloABC")
		expect(t, "what the server's interceptors made of the reply", reply.Hostname, "CBA")
		expect(t, "what the client's interceptors sent", reply.Username, "X")
		if header == nil {
			t.Error("the default call option did nothing")
		}
		_, err = client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{Payload: body("stop at A")})
		expectStatus(t, err, status.New(codes.PermissionDenied, "stopped at A"))
		seen.expect(t, "X "+method, "Y "+method, "A "+method)
	})
}

// wrapped notes the messages of a stream on the server.
type wrapped struct {
	grpc.ServerStream
	seen *notes
}

func (w *wrapped) RecvMsg(m any) error {
	err := w.ServerStream.RecvMsg(m)
	if err == nil {
		w.seen.add("received")
	}
	return err
}

func (w *wrapped) SendMsg(m any) error {
	w.seen.add("sent")
	return w.ServerStream.SendMsg(m)
}

// wrappedClient notes the end of a stream on the client.
type wrappedClient struct {
	grpc.ClientStream
	seen *notes
}

func (w *wrappedClient) RecvMsg(m any) error {
	err := w.ClientStream.RecvMsg(m)
	if err == io.EOF {
		w.seen.add("end")
	}
	return err
}

// TestStreamInterceptors wraps streams on both sides.
func TestStreamInterceptors(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		var seen notes
		s := &service{
			duplex: pingPong,
			output: func(in *testgrpc.StreamingOutputCallRequest, stream testgrpc.TestService_StreamingOutputCallServer) error {
				return stream.Send(&testgrpc.StreamingOutputCallResponse{})
			},
		}
		outer := func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if server != any(s) || info.IsClientStream != (info.FullMethod == "/grpc.testing.TestService/FullDuplexCall") || !info.IsServerStream {
				t.Errorf("the interceptor was told %T, %+v", server, info)
			}
			if md, _ := metadata.FromIncomingContext(stream.Context()); md.Get("stop") != nil {
				return status.Error(codes.PermissionDenied, "stopped")
			}
			seen.add("outer")
			return next(server, &wrapped{stream, &seen})
		}
		inner := func(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			seen.add("inner")
			return next(server, stream)
		}
		onClient := func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			stream, err := next(ctx, d, cc, method, opts...)
			return &wrappedClient{stream, &seen}, err
		}
		client := start(s, config{
			streamServer: []grpc.StreamServerInterceptor{outer, inner},
			streamClient: []grpc.StreamClientInterceptor{onClient},
		})
		stream, err := client.FullDuplexCall(timeout(t))
		require(t, err)
		for range 2 {
			require(t, stream.Send(&testgrpc.StreamingOutputCallRequest{}))
			_, err := stream.Recv()
			require(t, err)
		}
		require(t, stream.CloseSend())
		if _, err = stream.Recv(); err != io.EOF {
			t.Errorf("the end is %v", err)
		}
		seen.expect(t, "outer", "inner", "received", "sent", "received", "sent", "end")

		output, err := client.StreamingOutputCall(timeout(t), &testgrpc.StreamingOutputCallRequest{})
		require(t, err)
		_, err = output.Recv()
		require(t, err)
		_, err = output.Recv()
		if err != io.EOF {
			t.Errorf("the end is %v", err)
		}
		seen.expect(t, "outer", "inner", "received", "sent", "end")

		stream, err = client.FullDuplexCall(metadata.AppendToOutgoingContext(timeout(t), "stop", "1"))
		require(t, err)
		_, err = stream.Recv()
		expectStatus(t, err, status.New(codes.PermissionDenied, "stopped"))
	})
}
