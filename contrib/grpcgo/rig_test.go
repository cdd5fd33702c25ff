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

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	codecproto "github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/transport/mem"
	wiregrpc "github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
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
		return connect(t, serveCurlew(t, service, c).Client(), c)
	}},
	{"gRPC", func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface {
		return connect(t, serveCurlew(t, service, c).Client(overGRPC()), c)
	}},
	{"grpc-go's client", func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface {
		network := mem.New()
		serveOn(t, listen(t, network), service, c)
		return dialGRPC(t, func(ctx context.Context) (net.Conn, error) { return network.Dial(ctx, address) }, c)
	}},
	{"grpc-go's server", func(t *testing.T, service testgrpc.TestServiceServer, c config) grpc.ClientConnInterface {
		l := bufconn.Listen(1 << 20)
		serveGRPC(t, l, service, c)
		calls, err := client.New(address, overGRPC(), client.WithDialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return l.DialContext(ctx)
		}))
		require(t, err)
		t.Cleanup(func() { require(t, calls.Close()) })
		return connect(t, calls, c)
	}},
}

// address is where the one server of a network in memory listens.
const address = "localhost:80"

func listen(t *testing.T, network *mem.Network) net.Listener {
	l, err := network.Listen(address)
	require(t, err)
	return l
}

// overGRPC calls over gRPC.
func overGRPC() client.Option {
	return client.WithProtocol(wiregrpc.NewClient(h2.Dial, codecproto.New()))
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

// serveCurlew serves by Curlew, in memory.
func serveCurlew(t *testing.T, service testgrpc.TestServiceServer, c config) *curlewtest.Server {
	t.Helper()
	return curlewtest.Start(t, newServer(t, service, c))
}

// serveOn serves by Curlew on a listener.
func serveOn(t *testing.T, l net.Listener, service testgrpc.TestServiceServer, c config) {
	t.Helper()
	s := newServer(t, service, c)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeListener(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func newServer(t *testing.T, service testgrpc.TestServiceServer, c config) *server.Server {
	t.Helper()
	r := grpcgo.NewRegistrar(grpcgo.WithUnaryServerInterceptors(c.unaryServer...), grpcgo.WithStreamServerInterceptors(c.streamServer...))
	testgrpc.RegisterTestServiceServer(r, service)
	services, err := r.Services()
	require(t, err)
	s, err := server.New()
	require(t, err)
	require(t, s.Register(services...))
	return s
}

// connect calls by Curlew.
func connect(t *testing.T, calls curlew.Caller, c config) grpc.ClientConnInterface {
	t.Helper()
	conn := grpcgo.NewConn(calls)
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
