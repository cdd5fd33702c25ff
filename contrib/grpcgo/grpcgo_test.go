// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/reflection"
	reflectiongrpc "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
	"github.com/curlewrpc/curlew/curlewtest"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire/native"
)

// echo answers with the payload.
func echo(_ context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	return &testgrpc.SimpleResponse{Payload: in.Payload}, nil
}

// TestMethodsAreKnown: what the protobuf registry knows of a service's methods
// is there for codecs, schemas and reflection.
func TestMethodsAreKnown(t *testing.T) {
	r := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(r, &service{unary: echo})
	services, err := r.Services()
	require(t, err)
	kinds := make(map[string]curlew.Kind)
	for _, m := range services[0].Methods() {
		kinds[m.FullName()] = m.Kind()
		s, err := m.Schema()
		if err != nil || s.Request == nil || s.Reply == nil {
			t.Errorf("the schema of %s is %v, %v", m.FullName(), s, err)
		}
	}
	for name, want := range map[string]curlew.Kind{
		"grpc.testing.TestService/EmptyCall":           curlew.KindUnary,
		"grpc.testing.TestService/StreamingOutputCall": curlew.KindServerStream,
		"grpc.testing.TestService/StreamingInputCall":  curlew.KindClientStream,
		"grpc.testing.TestService/HalfDuplexCall":      curlew.KindBidi,
	} {
		expect(t, name, kinds[name], want)
	}
	if info := r.GetServiceInfo()["grpc.testing.TestService"]; len(info.Methods) != 8 || info.Metadata == nil {
		t.Errorf("grpc-go is told %+v", info)
	}
}

// TestOtherProtocols: the service answers what is not gRPC, too.
func TestOtherProtocols(t *testing.T) {
	r := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(r, &service{unary: echo})
	services, err := r.Services()
	require(t, err)
	s, err := server.New()
	require(t, err)
	require(t, s.Register(services...))
	web := httptest.NewServer(s)
	defer web.Close()
	resp, err := http.Post(web.URL+"/grpc.testing.TestService/UnaryCall", "application/json", strings.NewReader(`{"payload":{"body":"aGk="}}`))
	require(t, err)
	defer resp.Body.Close()
	var reply struct{ Payload struct{ Body []byte } }
	require(t, json.NewDecoder(resp.Body).Decode(&reply))
	expect(t, "the reply", string(reply.Payload.Body), "hi")
}

// TestCurlewInterceptors see and change the messages of generated handlers.
func TestCurlewInterceptors(t *testing.T) {
	shout := func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			request, err := call.Request()
			if err != nil {
				return err
			}
			request.(*testgrpc.SimpleRequest).Payload.Body = []byte("HELLO")
			if err := next(ctx, call); err != nil {
				return err
			}
			reply, err := call.Reply()
			if err == nil {
				reply.(*testgrpc.SimpleResponse).Username = "ada"
			}
			return err
		}
	}
	r := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(r, &service{unary: echo})
	services, err := r.Services()
	require(t, err)
	s, err := server.New(server.WithInterceptors(shout))
	require(t, err)
	require(t, s.Register(services...))
	c := testgrpc.NewTestServiceClient(grpcgo.NewConn(curlewtest.Start(t, s).Client()))
	reply, err := c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{Payload: body("hello")})
	require(t, err)
	expect(t, "the reply", string(reply.Payload.Body)+reply.Username, "HELLOada")
}

// TestRegistrarRefuses what grpc-go's server refuses.
func TestRegistrarRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		register func(r *grpcgo.Registrar)
		want     string
	}{
		"nil description": {func(r *grpcgo.Registrar) { r.RegisterService(nil, 1) }, "the service's description is nil"},
		"nil service": {func(r *grpcgo.Registrar) { r.RegisterService(&testgrpc.TestService_ServiceDesc, nil) },
			"service grpc.testing.TestService: there is no implementation"},
		"another type": {func(r *grpcgo.Registrar) { r.RegisterService(&testgrpc.TestService_ServiceDesc, 1) },
			"int does not implement grpc_testing.TestServiceServer"},
		"no interface": {func(r *grpcgo.Registrar) { r.RegisterService(&grpc.ServiceDesc{ServiceName: "S"}, 1) }, "not a pointer to an interface"},
		"twice": {func(r *grpcgo.Registrar) {
			testgrpc.RegisterTestServiceServer(r, &service{})
			testgrpc.RegisterTestServiceServer(r, &service{})
		}, "service grpc.testing.TestService was registered twice"},
		"method twice": {func(r *grpcgo.Registrar) {
			d := testgrpc.TestService_ServiceDesc
			d.Methods = append(d.Methods[:1:1], d.Methods[0])
			r.RegisterService(&d, &service{})
		}, "method EmptyCall is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			r := grpcgo.NewRegistrar()
			c.register(r)
			services, err := r.Services()
			if services != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want %q", services, err, c.want)
			}
		})
	}
}

// TestServicesOfGRPC: grpc-go's own health and reflection services take the place
// of Curlew's.
func TestServicesOfGRPC(t *testing.T) {
	r := grpcgo.NewRegistrar()
	checks := health.NewServer()
	checks.SetServingStatus("shop", healthgrpc.HealthCheckResponse_NOT_SERVING)
	healthgrpc.RegisterHealthServer(r, checks)
	reflection.Register(r)
	services, err := r.Services()
	require(t, err)
	s, err := server.New()
	require(t, err)
	require(t, s.Register(services...))
	conn := grpcgo.NewConn(curlewtest.Start(t, s).Client())
	reply, err := healthgrpc.NewHealthClient(conn).Check(timeout(t), &healthgrpc.HealthCheckRequest{Service: "shop"})
	require(t, err)
	expect(t, "the status", reply.Status, healthgrpc.HealthCheckResponse_NOT_SERVING)
	stream, err := reflectiongrpc.NewServerReflectionClient(conn).ServerReflectionInfo(timeout(t))
	require(t, err)
	require(t, stream.Send(&reflectiongrpc.ServerReflectionRequest{MessageRequest: &reflectiongrpc.ServerReflectionRequest_ListServices{}}))
	list, err := stream.Recv()
	require(t, err)
	var names []string
	for _, s := range list.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	expect(t, "the list", strings.Join(names, " "), "grpc.health.v1.Health grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection")
}

// plainDesc describes a service by hand, whose messages are no protobuf.
var plainDesc = grpc.ServiceDesc{
	ServiceName: "Plain",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Reverse", Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in []byte
		if err := decode(&in); err != nil {
			return nil, err
		}
		for i, j := 0, len(in)-1; i < j; i, j = i+1, j-1 {
			in[i], in[j] = in[j], in[i]
		}
		return &in, nil
	}}},
}

// bytesCodec is a codec of grpc-go's for *[]byte.
type bytesCodec struct{ name string }

func (c bytesCodec) Name() string { return c.name }

func (c bytesCodec) Marshal(v any) ([]byte, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("a %T is no message", v)
	}
	return *b, nil
}

func (c bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data // which grpc-go allows
	return nil
}

// bytesCodecV2 is the same in grpc-go's second version.
type bytesCodecV2 struct{ bytesCodec }

func (c bytesCodecV2) Marshal(v any) (mem.BufferSlice, error) {
	b, err := c.bytesCodec.Marshal(v)
	return mem.BufferSlice{mem.SliceBuffer(b[:len(b)/2]), mem.SliceBuffer(b[len(b)/2:])}, err
}

func (c bytesCodecV2) Unmarshal(data mem.BufferSlice, v any) error {
	return c.bytesCodec.Unmarshal(data.Materialize(), v)
}

// TestCodecs calls a service without protobuf by codecs of grpc-go's.
func TestCodecs(t *testing.T) {
	codec := bytesCodecV2{bytesCodec{"Bytes"}}
	encoding.RegisterCodecV2(bytesCodecV2{bytesCodec{"registered"}})
	encoding.RegisterCodec(bytesCodec{"registered-v1"})
	r := grpcgo.NewRegistrar()
	r.RegisterService(&plainDesc, 1)
	services, err := r.Services()
	require(t, err)
	s, err := server.New(server.WithFramings(native.New(grpcgo.NewCodec(codec),
		grpcgo.NewCodec(bytesCodecV2{bytesCodec{"registered"}}), grpcgo.NewCodec(bytesCodecV2{bytesCodec{"registered-v1"}}))))
	require(t, err)
	require(t, s.Register(services...))
	conn := grpcgo.NewConn(curlewtest.Start(t, s).Client())
	for name, opt := range map[string]grpc.CallOption{
		"version 2": grpc.ForceCodecV2(codec), "version 1": grpc.ForceCodec(codec.bytesCodec),
		"by name": grpc.CallContentSubtype("registered"), "version 1 by name": grpc.CallContentSubtype("registered-v1"),
	} {
		in, out := []byte("curlew"), []byte(nil)
		if err := conn.Invoke(timeout(t), "/Plain/Reverse", &in, &out, opt); err != nil || string(out) != "welruc" {
			t.Errorf("%s: got %q, %v", name, out, err)
		}
		err := conn.Invoke(timeout(t), "/Plain/Reverse", new(int), &out, opt)
		if err == nil || !strings.Contains(err.Error(), "a *int is no message") {
			t.Errorf("%s: a message that cannot be encoded gives %v", name, err)
		}
	}
	err = conn.Invoke(timeout(t), "/Plain/Reverse", new([]byte), new([]byte), grpc.CallContentSubtype("nobody's"))
	expect(t, "the code for an unknown codec", status.Code(err), codes.Internal)
}

// TestUnsupportedOptions are refused before anything is sent, and OnFinish is
// told.
func TestUnsupportedOptions(t *testing.T) {
	conn := connect(t, serveCurlew(t, &service{unary: echo}, config{}).Client(), config{})
	c := testgrpc.NewTestServiceClient(conn)
	_, err := c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, grpc.WaitForReady(false), grpc.MaxRetryRPCBufferSize(1), grpc.EmptyCallOption{})
	require(t, err)
	var finished error
	_, err = c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, grpc.CallAuthority("other.example"), grpc.OnFinish(func(err error) { finished = err }))
	expect(t, "the code", status.Code(err), codes.Unimplemented)
	if err == nil || !strings.Contains(err.Error(), "grpc.AuthorityOverrideCallOption") || finished != err {
		t.Errorf("the error is %v; OnFinish was told %v", err, finished)
	}
	_, err = c.FullDuplexCall(timeout(t), grpc.CallAuthority("other.example"))
	expect(t, "the code", status.Code(err), codes.Unimplemented)
	_, err = c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, nil)
	expect(t, "the code of a nil option", status.Code(err), codes.Unimplemented)

	for _, md := range []metadata.MD{{"no spaces": {"x"}}, {"text": {"\x00"}}} {
		_, err := c.UnaryCall(metadata.NewOutgoingContext(timeout(t), md), &testgrpc.SimpleRequest{})
		expect(t, "the code of metadata that is not valid", status.Code(err), codes.Internal)
	}
}

// TestInvalidTrailer of a stream, which grpc-go's API cannot refuse.
func TestInvalidTrailer(t *testing.T) {
	c := testgrpc.NewTestServiceClient(connect(t, serveCurlew(t, &service{
		unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			return nil, grpc.SetTrailer(ctx, metadata.Pairs("no spaces", "x"))
		},
		duplex: func(stream testgrpc.TestService_FullDuplexCallServer) error {
			stream.SetTrailer(metadata.Pairs("no spaces", "x"))
			return nil
		},
	}, config{}).Client(), config{}))
	_, err := c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
	expect(t, "the code", status.Code(err), codes.Internal)
	stream, err := c.FullDuplexCall(timeout(t))
	require(t, err)
	_, err = stream.Recv()
	expect(t, "the code", status.Code(err), codes.Internal)
}

// TestLateMetadata: a goroutine that outlives its handler is told.
func TestLateMetadata(t *testing.T) {
	var kept context.Context
	c := testgrpc.NewTestServiceClient(connect(t, serveCurlew(t, &service{
		unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			kept = ctx
			return echo(ctx, in)
		},
	}, config{}).Client(), config{}))
	_, err := c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
	require(t, err)
	<-kept.Done()
	for _, err := range []error{grpc.SetHeader(kept, metadata.Pairs("a", "b")), grpc.SendHeader(kept, nil), grpc.SetTrailer(kept, metadata.Pairs("a", "b"))} {
		if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "the handler has returned") {
			t.Errorf("got %v", err)
		}
	}
}

// token are credentials.
type token struct {
	secure bool
	err    error
	told   credentials.RequestInfo
	uris   []string
}

func (c *token) RequireTransportSecurity() bool { return c.secure }

func (c *token) GetRequestMetadata(ctx context.Context, uris ...string) (map[string]string, error) {
	c.told, _ = credentials.RequestInfoFromContext(ctx)
	c.uris = uris
	return map[string]string{"Authorization": "Bearer 1"}, c.err
}

// TestCredentials are sent, and only where they may be.
func TestCredentials(t *testing.T) {
	var authorization []string
	s := serveCurlew(t, &service{unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
		authorization = metadata.ValueFromIncomingContext(ctx, "authorization")
		return echo(ctx, in)
	}}, config{})
	call := func(creds *token, opts ...grpcgo.ConnOption) error {
		authorization = nil
		c := testgrpc.NewTestServiceClient(grpcgo.NewConn(s.Client(), opts...))
		_, err := c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, grpc.PerRPCCredentials(creds))
		if sent := reflect.DeepEqual(authorization, []string{"Bearer 1"}); sent != (err == nil) {
			t.Errorf("the error is %v, and what was sent %q", err, authorization)
		}
		return err
	}
	require(t, call(&token{}))
	expect(t, "the code without encryption", status.Code(call(&token{secure: true})), codes.Unauthenticated)
	creds := &token{secure: true}
	require(t, call(creds, grpcgo.WithSecurity("shop.example:443")))
	expect(t, "the audience", strings.Join(creds.uris, " "), "https://shop.example/grpc.testing.TestService")
	expect(t, "the method", creds.told.Method, "/grpc.testing.TestService/UnaryCall")
	require(t, credentials.CheckSecurityLevel(creds.told.AuthInfo, credentials.PrivacyAndIntegrity))
	expect(t, "the code of a failure", status.Code(call(&token{err: errors.New("expired")})), codes.Unauthenticated)
	expect(t, "the code of their own", status.Code(call(&token{err: status.Error(codes.Unavailable, "later")})), codes.Unavailable)
}

// TestTLS: peers on both sides have what grpc-go tells of TLS.
func TestTLS(t *testing.T) {
	serverTLS, clientTLS := curlewtest.TLS(t)
	r := grpcgo.NewRegistrar()
	testgrpc.RegisterTestServiceServer(r, &service{unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
		p, _ := peer.FromContext(ctx)
		if info, ok := p.AuthInfo.(credentials.TLSInfo); !ok || info.AuthType() != "tls" || !info.State.HandshakeComplete {
			t.Errorf("the handler's peer has %T", p.AuthInfo)
		}
		return echo(ctx, in)
	}})
	services, err := r.Services()
	require(t, err)
	s, err := server.New(server.WithTLS(serverTLS))
	require(t, err)
	require(t, s.Register(services...))
	c := testgrpc.NewTestServiceClient(grpcgo.NewConn(curlewtest.Start(t, s).Client(client.WithTLS(clientTLS))))
	var p peer.Peer
	_, err = c.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, grpc.Peer(&p))
	require(t, err)
	if info, ok := p.AuthInfo.(credentials.TLSInfo); !ok || info.SecurityLevel != credentials.PrivacyAndIntegrity || len(info.State.PeerCertificates) == 0 {
		t.Errorf("the caller's peer has %T", p.AuthInfo)
	}
}

// TestClientConn: grpc-go's own type makes calls, and says what it cannot do.
func TestClientConn(t *testing.T) {
	c := serveCurlew(t, &service{unary: echo, duplex: pingPong}, config{}).Client()
	cc, err := grpcgo.NewConn(c).ClientConn()
	require(t, err)
	expect(t, "the target", cc.Target(), "passthrough:///"+c.Target().String())
	client := testgrpc.NewTestServiceClient(cc)
	_, err = client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
	require(t, err)
	stream, err := client.FullDuplexCall(timeout(t))
	require(t, err)
	require(t, stream.Send(&testgrpc.StreamingOutputCallRequest{Payload: body("hello")}))
	reply, err := stream.Recv()
	require(t, err)
	expect(t, "the reply", string(reply.Payload.Body), "hello")
	expect(t, "the state", cc.GetState(), connectivity.Idle)
	cc.Connect()
	for state := cc.GetState(); state != connectivity.TransientFailure; state = cc.GetState() {
		if !cc.WaitForStateChange(timeout(t), state) {
			t.Fatalf("after Connect the state stays %v", state)
		}
	}
	require(t, cc.Close())
}

// TestDownstreamErrors: what a handler returns of another server's error is
// sent without its details, as by all of Curlew's servers.
func TestDownstreamErrors(t *testing.T) {
	detailed, err := status.New(codes.FailedPrecondition, "not yet").WithDetails(durationpb.New(1))
	require(t, err)
	back := testgrpc.NewTestServiceClient(connect(t, serveCurlew(t, &service{
		unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			return nil, detailed.Err()
		},
	}, config{}).Client(), config{}))
	front := testgrpc.NewTestServiceClient(connect(t, serveCurlew(t, &service{
		unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			reply, err := back.UnaryCall(ctx, in)
			expectStatus(t, err, detailed)
			return reply, err
		},
	}, config{}).Client(), config{}))
	_, err = front.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
	expectStatus(t, err, status.New(codes.FailedPrecondition, "not yet"))
	var e *curlew.Error
	if !errors.As(err, &e) || e.Origin() != curlew.OriginServer || !errors.Is(err, curlew.FailedPrecondition) {
		t.Errorf("Curlew's error in it is %v", e)
	}
}

// TestConversion of errors that both packages know.
func TestConversion(t *testing.T) {
	detailed, err := status.New(codes.NotFound, "no").WithDetails(durationpb.New(1))
	require(t, err)
	e := grpcgo.ErrorOf(detailed.Err())
	var d durationpb.Duration
	if ok, err := e.Details()[0].Read(&d); !ok || err != nil || d.Nanos != 1 {
		t.Errorf("the detail is %v, %v, %v", &d, ok, err)
	}
	expect(t, "the error", e.Error(), "not_found: no")
	expectStatus(t, grpcgo.StatusOf(e).Err(), detailed)

	outer := curlew.Errorf(curlew.Aborted, "outer: %w", detailed.Err())
	expect(t, "the code of Curlew's error around a status", grpcgo.StatusOf(outer).Code(), codes.Aborted)
	expect(t, "the code of Curlew's error around a status", grpcgo.ErrorOf(outer).Code(), curlew.Aborted)
	around := fmt.Errorf("outer: %w", detailed.Err())
	expect(t, "the text around a status", grpcgo.ErrorOf(around).Message(), "outer: rpc error: code = NotFound desc = no")
	expect(t, "the number of details", len(grpcgo.ErrorOf(around).Details()), 1)
	expect(t, "the code of a plain error", grpcgo.ErrorOf(errors.New("x")).Code(), curlew.Unknown)
	expect(t, "the code of a context's error", grpcgo.StatusOf(context.Canceled).Code(), codes.Canceled)
	if grpcgo.ErrorOf(nil) != nil || grpcgo.StatusOf(nil).Err() != nil {
		t.Error("no error has become one")
	}
}

// TestNothingIsLeft of calls that were given up: the bubble ends only when all
// goroutines have.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := serveCurlew(t, &service{unary: echo, duplex: pingPong}, config{}).Client()
		cc, err := grpcgo.NewConn(calls).ClientConn()
		require(t, err)
		for _, conn := range []grpc.ClientConnInterface{grpcgo.NewConn(calls), cc} {
			c := testgrpc.NewTestServiceClient(conn)
			_, err = c.UnaryCall(t.Context(), &testgrpc.SimpleRequest{})
			require(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			finished := make(chan error, 1)
			_, err = c.FullDuplexCall(ctx, grpc.OnFinish(func(err error) { finished <- err }))
			require(t, err)
			expect(t, "the code of a stream that nobody reads", status.Code(<-finished), codes.DeadlineExceeded)
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
			stream, err := c.FullDuplexCall(ctx)
			require(t, err)
			require(t, stream.Send(&testgrpc.StreamingOutputCallRequest{Payload: body("hello")}))
			cancel()
		}
		require(t, cc.Close())
	})
}
