// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"time"

	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/curlewrpc/curlew"
)

// What a client sends in these fields comes back in the reply's header, and in
// its trailer.
const (
	echoInitial  = "x-grpc-test-echo-initial"
	echoTrailing = "x-grpc-test-echo-trailing-bin"
)

// maxPayload bounds what a client may ask for; the tests ask for at most 314,159 bytes.
const maxPayload = 4 << 20

// service is grpc.testing.TestService without its method UnimplementedCall; see
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md.
func service() *curlew.Service {
	return curlew.NewService("grpc.testing.TestService",
		curlew.Unary("EmptyCall", func(context.Context, *testpb.Empty) (*testpb.Empty, error) { return new(testpb.Empty), nil }),
		curlew.Unary("UnaryCall", unaryCall),
		curlew.ServerStream("StreamingOutputCall", streamingOutputCall),
		curlew.ClientStream("StreamingInputCall", streamingInputCall),
		curlew.BidiStream("FullDuplexCall", fullDuplexCall),
		curlew.BidiStream("HalfDuplexCall", halfDuplexCall),
	)
}

func unaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := echoMetadata(ctx); err != nil {
		return nil, err
	}
	if err := statusOf(in.GetResponseStatus()); err != nil {
		return nil, err
	}
	payload, err := newPayload(in.GetResponseType(), in.GetResponseSize())
	if err != nil {
		return nil, err
	}
	return &testpb.SimpleResponse{Payload: payload}, nil
}

func streamingOutputCall(ctx context.Context, in *testpb.StreamingOutputCallRequest, stream curlew.Sender[testpb.StreamingOutputCallResponse]) error {
	return reply(ctx, in, stream.Send)
}

func streamingInputCall(ctx context.Context, stream curlew.Receiver[testpb.StreamingInputCallRequest]) (*testpb.StreamingInputCallResponse, error) {
	var sum int32
	for in, err := range stream.All(ctx) {
		if err != nil {
			return nil, err
		}
		sum += int32(len(in.GetPayload().GetBody()))
	}
	return &testpb.StreamingInputCallResponse{AggregatedPayloadSize: sum}, nil
}

func fullDuplexCall(ctx context.Context, stream curlew.Bidi[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	if err := echoMetadata(ctx); err != nil {
		return err
	}
	for in, err := range stream.All(ctx) {
		if err != nil {
			return err
		}
		if err := statusOf(in.GetResponseStatus()); err != nil {
			return err
		}
		if err := reply(ctx, in, stream.Send); err != nil {
			return err
		}
	}
	return nil
}

func halfDuplexCall(ctx context.Context, stream curlew.Bidi[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	var requests []*testpb.StreamingOutputCallRequest
	for {
		in, err := stream.Receive(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		requests = append(requests, in)
	}
	for _, in := range requests {
		if err := reply(ctx, in, stream.Send); err != nil {
			return err
		}
	}
	return nil
}

// reply sends the replies that a request asks for.
func reply(ctx context.Context, in *testpb.StreamingOutputCallRequest, send func(context.Context, *testpb.StreamingOutputCallResponse) error) error {
	for _, p := range in.GetResponseParameters() {
		if us := p.GetIntervalUs(); us > 0 {
			select {
			case <-time.After(time.Duration(us) * time.Microsecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		payload, err := newPayload(in.GetResponseType(), p.GetSize())
		if err != nil {
			return err
		}
		if err := send(ctx, &testpb.StreamingOutputCallResponse{Payload: payload}); err != nil {
			return err
		}
	}
	return nil
}

func echoMetadata(ctx context.Context) error {
	call := curlew.CallFrom(ctx)
	if value, ok := call.Header().Lookup(echoTrailing); ok {
		call.ReplyTrailer().Set(echoTrailing, value)
	}
	value, ok := call.Header().Lookup(echoInitial)
	if !ok {
		return nil
	}
	call.ReplyHeader().Set(echoInitial, value)
	return call.SendHeader(ctx)
}

func statusOf(s *testpb.EchoStatus) error {
	if s.GetCode() == 0 {
		return nil
	}
	return curlew.NewError(curlew.Code(s.GetCode()), s.GetMessage())
}

func newPayload(kind testpb.PayloadType, size int32) (*testpb.Payload, error) {
	if kind != testpb.PayloadType_COMPRESSABLE {
		return nil, curlew.Errorf(curlew.InvalidArgument, "payloads of type %v are not known here", kind)
	}
	if size < 0 || size > maxPayload {
		return nil, curlew.Errorf(curlew.InvalidArgument, "a payload of %d bytes; 0 to %d are possible", size, maxPayload)
	}
	return &testpb.Payload{Type: kind, Body: make([]byte, size)}, nil
}
