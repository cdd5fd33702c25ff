// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type start = func(testgrpc.TestServiceServer, config) testgrpc.TestServiceClient

// TestUnary sends and captures all that goes with a unary call.
func TestUnary(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		var incoming metadata.MD
		client := start(&service{unary: func(ctx context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			incoming, _ = metadata.FromIncomingContext(ctx)
			if name, _ := grpc.Method(ctx); name != "/grpc.testing.TestService/UnaryCall" {
				t.Errorf("grpc.Method gives %q", name)
			}
			if p, ok := peer.FromContext(ctx); !ok || p.Addr.String() == "" {
				t.Errorf("the peer is %v", p)
			}
			if _, ok := metadata.FromOutgoingContext(ctx); ok {
				t.Error("what came in would go out again")
			}
			errs := errors.Join(
				grpc.SetHeader(ctx, metadata.Pairs("early", "1")),
				grpc.SetHeader(ctx, metadata.Pairs("early", "2", "early-bin", "\x00\xff")),
				grpc.SetTrailer(ctx, metadata.Pairs("late", "3", "late-bin", "\x80")))
			return &testgrpc.SimpleResponse{Payload: in.Payload}, errs
		}}, config{})
		ctx := metadata.AppendToOutgoingContext(timeout(t), "User", "ada", "user", "grace", "key-bin", "\x01\xfe", "content-type", "mine")
		var header, trailer metadata.MD
		var server peer.Peer
		reply, err := client.UnaryCall(ctx, &testgrpc.SimpleRequest{Payload: body("hello")},
			grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&server), grpc.WaitForReady(true))
		require(t, err)
		expect(t, "the reply", string(reply.Payload.Body), "hello")
		for _, c := range []struct {
			md   metadata.MD
			key  string
			want []string
		}{
			{incoming, "user", []string{"ada", "grace"}},
			{incoming, "key-bin", []string{"\x01\xfe"}},
			{header, "early", []string{"1", "2"}},
			{header, "early-bin", []string{"\x00\xff"}},
			{trailer, "late", []string{"3"}},
			{trailer, "late-bin", []string{"\x80"}},
		} {
			if got := c.md.Get(c.key); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s is %q, want %q", c.key, got, c.want)
			}
		}
		for _, mine := range incoming.Get("content-type") {
			if mine == "mine" {
				t.Error("a key of the protocol was sent as metadata")
			}
		}
		if server.Addr == nil || server.Addr.String() == "" {
			t.Errorf("the server is %v", server.Addr)
		}
	})
}

// TestErrors compares the errors that arrive, and what is in them.
func TestErrors(t *testing.T) {
	detailed, err := status.New(codes.FailedPrecondition, "not yet").WithDetails(durationpb.New(time.Second), wrapperspb.String("why"))
	require(t, err)
	for name, c := range map[string]struct {
		err  error
		want *status.Status
	}{
		"status":            {status.Error(codes.NotFound, "no such thing ☺"), status.New(codes.NotFound, "no such thing ☺")},
		"details":           {detailed.Err(), detailed},
		"wrapped":           {errors.Join(status.Error(codes.NotFound, "nothing")), status.New(codes.NotFound, "rpc error: code = NotFound desc = nothing")},
		"plain":             {errors.New("plain"), status.New(codes.Unknown, "plain")},
		"empty":             {status.Error(codes.Aborted, ""), status.New(codes.Aborted, "")},
		"canceled":          {context.Canceled, status.New(codes.Canceled, "context canceled")},
		"deadline exceeded": {context.DeadlineExceeded, status.New(codes.DeadlineExceeded, "context deadline exceeded")},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, start start) {
				client := start(&service{
					unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
						grpc.SetTrailer(ctx, metadata.Pairs("late", "1"))
						return &testgrpc.SimpleResponse{}, c.err
					},
					duplex: func(stream testgrpc.TestService_FullDuplexCallServer) error {
						stream.SetTrailer(metadata.Pairs("late", "1"))
						if err := stream.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
							return err
						}
						return c.err
					},
				}, config{})
				var trailer metadata.MD
				_, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{}, grpc.Trailer(&trailer))
				expectStatus(t, err, c.want)
				expect(t, "the number of trailers", len(trailer.Get("late")), 1)

				stream, err := client.FullDuplexCall(timeout(t))
				require(t, err)
				_, err = stream.Recv()
				require(t, err)
				_, err = stream.Recv()
				expectStatus(t, err, c.want)
				expect(t, "the number of trailers", len(stream.Trailer().Get("late")), 1)
			})
		})
	}
}

func expectStatus(t *testing.T, err error, want *status.Status) {
	t.Helper()
	got, ok := status.FromError(err)
	if !ok || !proto.Equal(got.Proto(), want.Proto()) {
		t.Errorf("got %v with details %v, want %v with %v", err, got.Details(), want.Err(), want.Details())
	}
	if err == nil || err.Error() != want.Err().Error() {
		t.Errorf("the text is %q, want %q", err, want.Err())
	}
	if !errors.Is(err, want.Err()) {
		t.Errorf("errors.Is does not find %v", want.Err())
	}
}

// TestNilReply: grpc-go sends an empty message for a nil pointer to one.
func TestNilReply(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{unary: func(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
			return nil, nil
		}}, config{})
		reply, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
		require(t, err)
		expect(t, "the reply's size", proto.Size(reply), 0)
	})
}

// TestServerStream: many replies, an early header and a trailer.
func TestServerStream(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		goOn := make(chan struct{})
		client := start(&service{output: func(in *testgrpc.StreamingOutputCallRequest, stream testgrpc.TestService_StreamingOutputCallServer) error {
			require(t, stream.SetHeader(metadata.Pairs("early", "1")))
			require(t, stream.SendHeader(metadata.Pairs("early", "2")))
			if err := stream.SetHeader(metadata.Pairs("early", "3")); status.Code(err) != codes.Internal {
				t.Errorf("a header that is too late gives %v", err)
			}
			if err := stream.SendHeader(nil); status.Code(err) != codes.Internal {
				t.Errorf("a second header gives %v", err)
			}
			<-goOn
			stream.SetTrailer(metadata.Pairs("late", string(in.Payload.Body)))
			for i := range in.ResponseParameters {
				require(t, stream.Send(&testgrpc.StreamingOutputCallResponse{Payload: body(strconv.Itoa(i))}))
			}
			return nil
		}}, config{})
		stream, err := client.StreamingOutputCall(timeout(t), &testgrpc.StreamingOutputCallRequest{
			Payload: body("x"), ResponseParameters: make([]*testgrpc.ResponseParameters, 100),
		})
		require(t, err)
		header, err := stream.Header() // before the first reply
		require(t, err)
		if got := header.Get("early"); !reflect.DeepEqual(got, []string{"1", "2"}) {
			t.Errorf("the header has %q", got)
		}
		close(goOn)
		for i := range 100 {
			reply, err := stream.Recv()
			require(t, err)
			expect(t, "a reply", string(reply.Payload.Body), strconv.Itoa(i))
		}
		for range 2 {
			if _, err := stream.Recv(); err != io.EOF {
				t.Errorf("the end is %v", err)
			}
		}
		expect(t, "the trailer", stream.Trailer().Get("late")[0], "x")
	})
}

// TestClientStream: many requests, one reply.
func TestClientStream(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{input: func(stream testgrpc.TestService_StreamingInputCallServer) error {
			size := 0
			for {
				in, err := stream.Recv()
				if err == io.EOF {
					return stream.SendAndClose(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: int32(size)})
				}
				if err != nil {
					return err
				}
				size += len(in.Payload.Body)
			}
		}}, config{})
		stream, err := client.StreamingInputCall(timeout(t))
		require(t, err)
		for range 100 {
			require(t, stream.Send(&testgrpc.StreamingInputCallRequest{Payload: body("four")}))
		}
		reply, err := stream.CloseAndRecv()
		require(t, err)
		expect(t, "the size", reply.AggregatedPayloadSize, 400)
		if err := stream.RecvMsg(reply); err != io.EOF {
			t.Errorf("the end is %v", err)
		}
		if err := stream.SendMsg(&testgrpc.StreamingInputCallRequest{}); status.Code(err) != codes.Internal {
			t.Errorf("a request after the last gives %v", err)
		}
	})
}

// TestClientStreamWithoutReply: the handler ends early, or well without a reply.
func TestClientStreamWithoutReply(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		want := status.Error(codes.ResourceExhausted, "enough")
		var result error
		client := start(&service{input: func(testgrpc.TestService_StreamingInputCallServer) error { return result }}, config{})
		for _, result = range []error{want, nil} {
			stream, err := client.StreamingInputCall(timeout(t))
			require(t, err)
			for err == nil { // until the server has ended the call
				err = stream.Send(&testgrpc.StreamingInputCallRequest{Payload: body("more")})
			}
			if err != io.EOF {
				t.Errorf("Send gives %v", err)
			}
			_, err = stream.CloseAndRecv()
			switch code := status.Code(err); {
			case result != nil && !errors.Is(err, want):
				t.Errorf("the error is %v", err)
			case result == nil && code != codes.Internal && code != codes.Unimplemented: // which gRPC's specification has
				t.Errorf("the error is %v", err)
			}
		}
	})
}

// pingPong answers each request.
func pingPong(stream testgrpc.TestService_FullDuplexCallServer) error {
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&testgrpc.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
			return err
		}
	}
}

// TestBidi: request and reply in turn, on one stream.
func TestBidi(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{duplex: pingPong}, config{})
		stream, err := client.FullDuplexCall(timeout(t))
		require(t, err)
		for i := range 100 {
			require(t, stream.Send(&testgrpc.StreamingOutputCallRequest{Payload: body(strconv.Itoa(i))}))
			reply, err := stream.Recv()
			require(t, err)
			expect(t, "a reply", string(reply.Payload.Body), strconv.Itoa(i))
		}
		require(t, stream.CloseSend())
		if _, err := stream.Recv(); err != io.EOF {
			t.Errorf("the end is %v", err)
		}
	})
}

// TestCancellation reaches both sides.
func TestCancellation(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		told := make(chan error, 2)
		client := start(&service{
			unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				told <- nil
				<-ctx.Done()
				told <- ctx.Err()
				return nil, ctx.Err()
			},
			duplex: func(stream testgrpc.TestService_FullDuplexCallServer) error {
				require(t, stream.SendHeader(nil))
				_, err := stream.Recv()
				told <- err
				<-stream.Context().Done()
				told <- stream.Context().Err()
				return err
			},
		}, config{})
		ctx, cancel := context.WithCancel(timeout(t))
		go func() {
			<-told
			cancel()
		}()
		_, err := client.UnaryCall(ctx, &testgrpc.SimpleRequest{})
		expect(t, "the code of a canceled call", status.Code(err), codes.Canceled)
		if err := <-told; err != context.Canceled {
			t.Errorf("the handler's context ended with %v", err)
		}

		ctx, cancel = context.WithCancel(timeout(t))
		finished := make(chan error, 2)
		stream, err := client.FullDuplexCall(ctx, grpc.OnFinish(func(err error) { finished <- err }))
		require(t, err)
		_, err = stream.Header()
		require(t, err)
		cancel()
		expect(t, "what OnFinish is told", status.Code(<-finished), codes.Canceled)
		_, err = stream.Recv()
		expect(t, "the code of a canceled stream", status.Code(err), codes.Canceled)
		expect(t, "the code of the handler's Recv", status.Code(<-told), codes.Canceled)
		if err := <-told; err != context.Canceled {
			t.Errorf("the handler's context ended with %v", err)
		}
		expect(t, "the further calls of OnFinish", len(finished), 0)
	})
}

// TestDeadline reaches the handler, and ends the call.
func TestDeadline(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{
			unary: func(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				deadline, ok := ctx.Deadline()
				if left := time.Until(deadline); !ok || left < patience/2 || left > patience {
					t.Errorf("%v is left, %v", left, ok)
				}
				return &testgrpc.SimpleResponse{}, nil
			},
			duplex: func(stream testgrpc.TestService_FullDuplexCallServer) error {
				<-stream.Context().Done()
				return status.FromContextError(stream.Context().Err()).Err()
			},
		}, config{})
		_, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
		require(t, err)
		ctx, cancel := context.WithTimeout(timeout(t), 20*time.Millisecond)
		defer cancel()
		stream, err := client.FullDuplexCall(ctx)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("the error is %v, %#v", err, errors.Unwrap(err))
		}
	})
}

// TestSendToCallThatIsOver: why it is over is what Recv tells.
func TestSendToCallThatIsOver(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{
			duplex: func(stream testgrpc.TestService_FullDuplexCallServer) error {
				<-stream.Context().Done()
				return stream.Context().Err()
			},
			output: func(_ *testgrpc.StreamingOutputCallRequest, stream testgrpc.TestService_StreamingOutputCallServer) error {
				<-stream.Context().Done()
				return stream.Context().Err()
			},
		}, config{})
		ctx, cancel := context.WithCancel(timeout(t))
		stream, err := client.FullDuplexCall(ctx)
		require(t, err)
		cancel()
		for err == nil { // until the client knows
			err = stream.Send(&testgrpc.StreamingOutputCallRequest{})
		}
		if err != io.EOF {
			t.Errorf("Send gives %v", err)
		}
		_, err = stream.Recv()
		expect(t, "the code", status.Code(err), codes.Canceled)

		ctx, cancel = context.WithCancel(timeout(t))
		seen := make(chan struct{})
		go func() {
			<-seen
			cancel()
		}()
		output, err := client.StreamingOutputCall(ctx, &testgrpc.StreamingOutputCallRequest{})
		require(t, err) // never io.EOF
		close(seen)
		_, err = output.Recv()
		expect(t, "the code", status.Code(err), codes.Canceled)
		if err := output.SendMsg(&testgrpc.StreamingOutputCallRequest{}); err == nil {
			t.Error("a second request was sent")
		}
	})
}

// TestUnimplemented: a method that only the generated base has, and one that
// nobody has.
func TestUnimplemented(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{}, config{})
		_, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{})
		expectStatus(t, err, status.New(codes.Unimplemented, "method UnaryCall not implemented"))
		stream, err := client.FullDuplexCall(timeout(t))
		require(t, err)
		_, err = stream.Recv()
		expectStatus(t, err, status.New(codes.Unimplemented, "method FullDuplexCall not implemented"))
	})
	for _, rig := range rigs {
		t.Run(rig.name, func(t *testing.T) {
			other := testgrpc.NewUnimplementedServiceClient(rig.start(t, &service{}, config{}))
			_, err := other.UnimplementedCall(timeout(t), &testgrpc.Empty{})
			expect(t, "the code of an unknown service", status.Code(err), codes.Unimplemented)
			err = rig.start(t, &service{}, config{}).Invoke(timeout(t), "/grpc.testing.TestService/Nothing", nil, nil)
			expect(t, "the code of an unknown method without messages", status.Code(err), codes.Unimplemented)
		})
	}
}

// TestMessageLimit is a call option.
func TestMessageLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{
			unary: func(_ context.Context, in *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
				return &testgrpc.SimpleResponse{Payload: in.Payload}, nil
			},
		}, config{})
		request := &testgrpc.SimpleRequest{Payload: &testgrpc.Payload{Body: make([]byte, 1000)}}
		_, err := client.UnaryCall(timeout(t), request, grpc.MaxCallRecvMsgSize(999))
		expect(t, "the code of a reply that is too large", status.Code(err), codes.ResourceExhausted)
		_, err = client.UnaryCall(timeout(t), request, grpc.MaxCallSendMsgSize(999))
		expect(t, "the code of a request that is too large", status.Code(err), codes.ResourceExhausted)
		_, err = client.UnaryCall(timeout(t), request, grpc.MaxCallRecvMsgSize(2000), grpc.MaxCallSendMsgSize(2000))
		require(t, err)
	})
}

// TestCompression is a call option. grpc-go knows gzip because this file imports
// it.
func TestCompression(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{unary: echo, duplex: pingPong}, config{})
		text := strings.Repeat("compressible ", 1000)
		reply, err := client.UnaryCall(timeout(t), &testgrpc.SimpleRequest{Payload: body(text)}, grpc.UseCompressor(gzip.Name))
		require(t, err)
		expect(t, "the reply", string(reply.Payload.Body), text)
		stream, err := client.FullDuplexCall(timeout(t), grpc.UseCompressor(gzip.Name))
		require(t, err)
		require(t, stream.Send(&testgrpc.StreamingOutputCallRequest{Payload: body(text)}))
		answer, err := stream.Recv()
		require(t, err)
		expect(t, "the reply", string(answer.Payload.Body), text)
	})
}

// TestSendFails: a message that cannot be sent ends the stream.
func TestSendFails(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{duplex: pingPong}, config{})
		finished := make(chan error, 2)
		stream, err := client.FullDuplexCall(timeout(t), grpc.MaxCallSendMsgSize(100), grpc.OnFinish(func(err error) { finished <- err }))
		require(t, err)
		err = stream.Send(&testgrpc.StreamingOutputCallRequest{Payload: &testgrpc.Payload{Body: make([]byte, 200)}})
		expect(t, "the code", status.Code(err), codes.ResourceExhausted)
		expect(t, "what OnFinish is told", status.Code(<-finished), codes.ResourceExhausted)
		if _, err := stream.Recv(); err == nil || err == io.EOF {
			t.Errorf("Recv gives %v", err)
		}
		expect(t, "the further calls of OnFinish", len(finished), 0)
	})
}

// TestStreamOptions are filled at the end of a stream.
func TestStreamOptions(t *testing.T) {
	everywhere(t, func(t *testing.T, start start) {
		client := start(&service{input: func(stream testgrpc.TestService_StreamingInputCallServer) error {
			require(t, stream.SetHeader(metadata.Pairs("early", "1")))
			stream.SetTrailer(metadata.Pairs("late", "2"))
			return stream.SendAndClose(&testgrpc.StreamingInputCallResponse{})
		}}, config{})
		var header, trailer metadata.MD
		var server peer.Peer
		finished := make(chan error, 2)
		stream, err := client.StreamingInputCall(timeout(t), grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&server),
			grpc.OnFinish(func(err error) { finished <- err }))
		require(t, err)
		_, err = stream.CloseAndRecv()
		require(t, err)
		require(t, <-finished)
		if header.Get("early") == nil || trailer.Get("late") == nil || server.Addr == nil {
			t.Errorf("the header is %v, the trailer %v, the peer %v", header, trailer, server)
		}
		<-stream.Context().Done()
		expect(t, "the further calls of OnFinish", len(finished), 0)
	})
}
