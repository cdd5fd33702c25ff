// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpeer_test

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/callcmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/describecmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/lscmd"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/shoptest"
)

// testService echoes.
type testService struct {
	grpc_testing.UnimplementedTestServiceServer
}

func (testService) UnaryCall(ctx context.Context, in *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if err := grpc.SetHeader(ctx, metadata.Pairs("x-echo", strings.Join(md.Get("x-name"), ","))); err != nil {
		return nil, err
	}
	if err := grpc.SetTrailer(ctx, metadata.Pairs("x-bytes-bin", "\x00\x01")); err != nil {
		return nil, err
	}
	if in.ResponseSize < 0 {
		st, err := status.New(codes.InvalidArgument, "negative").WithDetails(&errdetails.BadRequest{
			FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "response_size", Description: "below 0"}},
		})
		if err != nil {
			return nil, err
		}
		return nil, st.Err()
	}
	return &grpc_testing.SimpleResponse{Payload: in.Payload, Username: "u"}, nil
}

func (testService) StreamingOutputCall(in *grpc_testing.StreamingOutputCallRequest, s grpc.ServerStreamingServer[grpc_testing.StreamingOutputCallResponse]) error {
	for range in.ResponseParameters {
		if err := s.Send(&grpc_testing.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
			return err
		}
	}
	return nil
}

func (testService) StreamingInputCall(s grpc.ClientStreamingServer[grpc_testing.StreamingInputCallRequest, grpc_testing.StreamingInputCallResponse]) error {
	size := 0
	for {
		in, err := s.Recv()
		if err == io.EOF {
			return s.SendAndClose(&grpc_testing.StreamingInputCallResponse{AggregatedPayloadSize: int32(size)})
		}
		if err != nil {
			return err
		}
		size += len(in.Payload.GetBody())
	}
}

func (testService) FullDuplexCall(s grpc.BidiStreamingServer[grpc_testing.StreamingOutputCallRequest, grpc_testing.StreamingOutputCallResponse]) error {
	for {
		in, err := s.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Send(&grpc_testing.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
			return err
		}
	}
}

// serve runs a server of grpc-go until the test ends and returns its address.
func serve(t *testing.T, options ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(options...)
	grpc_testing.RegisterTestServiceServer(s, testService{})
	healthpb.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// secure returns an option for TLS, and the flags of those who trust the server.
func secure(t *testing.T) (grpc.ServerOption, []string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return grpc.Creds(credentials.NewServerTLSFromCert(&s.TLS.Certificates[0])), []string{"--ca", ca, "--server-name", "example.com"}
}

const service = "grpc.testing.TestService/"

func TestCommands(t *testing.T) {
	option, trust := secure(t)
	for name, server := range map[string]struct {
		options []grpc.ServerOption
		flags   []string
	}{
		"plain":            {nil, nil},
		"plain, by name":   {nil, []string{"--protocol", "grpc"}},
		"TLS":              {[]grpc.ServerOption{option}, trust},
		"TLS, any":         {[]grpc.ServerOption{option}, []string{"--insecure-skip-verify"}},
		"TLS, by protocol": {[]grpc.ServerOption{option}, append(trust, "--protocol", "grpc")},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, server.options...)
			run := func(command func(*cli.Env) *cobra.Command, args ...string) shoptest.Result {
				return shoptest.Run(t, command, append(args, server.flags...)...)
			}
			for _, test := range []struct{ method, request, want string }{
				{"UnaryCall", `{"payload": {"body": "aGk="}}`, `{"payload":{"body":"aGk="},"username":"u"}` + "\n"},
				{"StreamingOutputCall", `{"responseParameters": [{}, {}]}`, "{}\n{}\n"},
				{"StreamingInputCall", `{"payload": {"body": "aGk="}} {"payload": {"body": "aGk="}}`, `{"aggregatedPayloadSize":4}` + "\n"},
				{"FullDuplexCall", `{"payload": {"type": 0, "body": "YQ=="}}{}`, `{"payload":{"body":"YQ=="}}` + "\n{}\n"},
			} {
				got := run(callcmd.New, "call", address, service+test.method, test.request)
				if got.Status != 0 || got.Out != test.want {
					t.Errorf("%s: got %+v, want %q", test.method, got, test.want)
				}
			}
			if got := run(lscmd.New, "ls", address); got.Out != "grpc.health.v1.Health\ngrpc.testing.TestService\n" {
				t.Errorf("ls: got %+v", got)
			}
			if got := run(describecmd.New, "describe", address, "grpc.testing.BoolValue"); !strings.HasPrefix(got.Out, "message BoolValue {\n  bool value = 1;") {
				t.Errorf("describe: got %+v", got)
			}
		})
	}
}

func TestVerbose(t *testing.T) {
	address := serve(t)
	got := shoptest.Run(t, callcmd.New, "call", address, service+"UnaryCall", "-v", "-H", "x-name: Ada")
	for _, line := range []string{"by grpc\n", "< x-echo: Ada\n", "< x-bytes-bin: AAE= (trailer)\n", "* ok; "} {
		if !strings.Contains(got.Err, line) {
			t.Errorf("there is no %q in\n%s", line, got.Err)
		}
	}
}

// TestDetails decodes a detail of a type that only the server's reflection tells.
func TestDetails(t *testing.T) {
	got := shoptest.Run(t, callcmd.New, "call", serve(t), service+"UnaryCall", `{"responseSize": -1}`)
	want := "curlew: grpc.testing.TestService/UnaryCall: invalid_argument: negative\n" +
		"  google.rpc.BadRequest {\"fieldViolations\":[{\"field\":\"response_size\",\"description\":\"below 0\"}]}\n"
	if got.Status != 64+int(codes.InvalidArgument) || got.Err != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}

func TestPlainToTLS(t *testing.T) {
	option, _ := secure(t)
	got := shoptest.Run(t, callcmd.New, "call", serve(t, option), service+"UnaryCall")
	if got.Status != 64+int(codes.Unavailable) || !strings.Contains(got.Err, "add --tls") {
		t.Errorf("got %+v", got)
	}
}
