// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"

	"github.com/curlewrpc/curlew/contrib/grpcgo"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/server"
)

// config is what a test wants of both sides.
type config struct {
	unaryServer  []grpc.UnaryServerInterceptor
	streamServer []grpc.StreamServerInterceptor
	unaryClient  []grpc.UnaryClientInterceptor
	streamClient []grpc.StreamClientInterceptor
	callOptions  []grpc.CallOption
}

// rigs are the pairs of a server and a client that every behaviour is the same
// on: grpc-go's own is what the others are held to.
var rigs = []struct {
	name  string
	start func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface
}{
	{"grpc-go", func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface {
		l := bufconn.Listen(1 << 20)
		serveGRPC(t, l, service, c)
		return dialGRPC(t, func(ctx context.Context) (net.Conn, error) { return l.DialContext(ctx) }, c)
	}},
	{"native", func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface {
		return connect(t, serveCurlew(t, service, c), c)
	}},
}

// everywhere runs a test on every rig.
func everywhere(t *testing.T, test func(t *testing.T, start func(testgrpc.TestServiceServer, config) testgrpc.TestServiceClient)) {
	for _, rig := range rigs {
		t.Run(rig.name, func(t *testing.T) {
			test(t, func(service testgrpc.TestServiceServer, c config) testgrpc.TestServiceClient {
				return testgrpc.NewTestServiceClient(rig.start(t, service, c))
			})
		})
	}
}

// serveCurlew serves by Curlew.
func serveCurlew(t *testing.T, service testgrpc.TestServiceServer, c config) *curlewtest.Server {
	t.Helper()
	r := grpcgo.NewRegistrar(grpcgo.WithUnaryServerInterceptors(c.unaryServer...), grpcgo.WithStreamServerInterceptors(c.streamServer...))
	testgrpc.RegisterTestServiceServer(r, service)
	services, err := r.Services()
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New()
	if err == nil {
		err = s.Register(services...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return curlewtest.Start(t, s)
}

// connect calls by Curlew.
func connect(t *testing.T, s *curlewtest.Server, c config) grpc.ClientConnInterface {
	t.Helper()
	conn := grpcgo.NewConn(s.Client())
	if c.unaryClient == nil && c.streamClient == nil && c.callOptions == nil {
		return conn
	}
	cc, err := conn.ClientConn(grpcgo.WithUnaryClientInterceptors(c.unaryClient...), grpcgo.WithStreamClientInterceptors(c.streamClient...),
		grpcgo.WithDefaultCallOptions(c.callOptions...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

// serveGRPC serves by grpc-go.
func serveGRPC(t *testing.T, l net.Listener, service testgrpc.TestServiceServer, c config) {
	s := grpc.NewServer(grpc.ChainUnaryInterceptor(c.unaryServer...), grpc.ChainStreamInterceptor(c.streamServer...))
	testgrpc.RegisterTestServiceServer(s, service)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// dialGRPC calls by grpc-go.
func dialGRPC(t *testing.T, dial func(context.Context) (net.Conn, error), c config) grpc.ClientConnInterface {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///test",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }),
		grpc.WithChainUnaryInterceptor(c.unaryClient...), grpc.WithChainStreamInterceptor(c.streamClient...),
		grpc.WithDefaultCallOptions(c.callOptions...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

// service is a TestService whose methods a test gives; the others are
// unimplemented.
type service struct {
	testgrpc.UnimplementedTestServiceServer
	unary  func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error)
	output func(*testgrpc.StreamingOutputCallRequest, testgrpc.TestService_StreamingOutputCallServer) error
	input  func(testgrpc.TestService_StreamingInputCallServer) error
	duplex func(testgrpc.TestService_FullDuplexCallServer) error
}

func (s *service) UnaryCall(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	if s.unary == nil {
		return s.UnimplementedTestServiceServer.UnaryCall(ctx, in)
	}
	return s.unary(ctx, in)
}

func (s *service) StreamingOutputCall(in *testgrpc.StreamingOutputCallRequest, stream testgrpc.TestService_StreamingOutputCallServer) error {
	if s.output == nil {
		return s.UnimplementedTestServiceServer.StreamingOutputCall(in, stream)
	}
	return s.output(in, stream)
}

func (s *service) StreamingInputCall(stream testgrpc.TestService_StreamingInputCallServer) error {
	if s.input == nil {
		return s.UnimplementedTestServiceServer.StreamingInputCall(stream)
	}
	return s.input(stream)
}

func (s *service) FullDuplexCall(stream testgrpc.TestService_FullDuplexCallServer) error {
	if s.duplex == nil {
		return s.UnimplementedTestServiceServer.FullDuplexCall(stream)
	}
	return s.duplex(stream)
}

// patience bounds every call of the tests.
const patience = 20 * time.Second

func timeout(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func body(text string) *testgrpc.Payload { return &testgrpc.Payload{Body: []byte(text)} }

// require fails unless there is no error.
func require(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// expect fails unless got is want.
func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
