// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
)

const (
	echoInitial  = "x-grpc-test-echo-initial"
	echoTrailing = "x-grpc-test-echo-trailing-bin"

	largeRequest = 271828
	largeReply   = 314159
)

type dialogue = curlew.Dialogue[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]

// stubs are the methods of grpc.testing.TestService, and two that it has not.
type stubs struct {
	empty, unary, output, input, fullDuplex, noMethod, noService *curlew.Method
}

func newStubs() stubs {
	const service = "grpc.testing.TestService/"
	return stubs{
		empty:      curlew.Unary[testpb.Empty, testpb.Empty](service+"EmptyCall", nil),
		unary:      curlew.Unary[testpb.SimpleRequest, testpb.SimpleResponse](service+"UnaryCall", nil),
		output:     curlew.ServerStream[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse](service+"StreamingOutputCall", nil),
		input:      curlew.ClientStream[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse](service+"StreamingInputCall", nil),
		fullDuplex: curlew.BidiStream[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse](service+"FullDuplexCall", nil),
		noMethod:   curlew.Unary[testpb.Empty, testpb.Empty](service+"UnimplementedCall", nil),
		noService:  curlew.Unary[testpb.Empty, testpb.Empty]("grpc.testing.UnimplementedService/UnimplementedCall", nil),
	}
}

// A trial is one run of a case.
type trial struct {
	ctx    context.Context
	client *client.Client
	dialer dialer
}

// cases are those of the interoperability tests that need neither a cloud nor
// ORCA; see https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md.
func cases() map[string]func(*trial) error {
	return map[string]func(*trial) error{
		"empty_unary":                 (*trial).emptyUnary,
		"large_unary":                 func(t *trial) error { return t.large(t.ctx, t.client) },
		"client_streaming":            (*trial).clientStreaming,
		"server_streaming":            (*trial).serverStreaming,
		"ping_pong":                   (*trial).pingPong,
		"empty_stream":                (*trial).emptyStream,
		"timeout_on_sleeping_server":  (*trial).timeoutOnSleepingServer,
		"cancel_after_begin":          (*trial).cancelAfterBegin,
		"cancel_after_first_response": (*trial).cancelAfterFirstResponse,
		"status_code_and_message":     (*trial).statusCodeAndMessage,
		"special_status_message":      (*trial).specialStatusMessage,
		"custom_metadata":             (*trial).customMetadata,
		"unimplemented_method":        func(t *trial) error { return t.unimplemented(newStubs().noMethod) },
		"unimplemented_service":       func(t *trial) error { return t.unimplemented(newStubs().noService) },
		"rpc_soak":                    func(t *trial) error { return t.soak(false) },
		"channel_soak":                func(t *trial) error { return t.soak(true) },
	}
}

func (t *trial) emptyUnary() error {
	return t.client.Invoke(t.ctx, newStubs().empty, new(testpb.Empty), new(testpb.Empty))
}

// large makes a large unary call.
func (t *trial) large(ctx context.Context, c *client.Client) error {
	in := &testpb.SimpleRequest{ResponseSize: largeReply, Payload: payload(largeRequest)}
	out := new(testpb.SimpleResponse)
	if err := c.Invoke(ctx, newStubs().unary, in, out); err != nil {
		return err
	}
	return wantSize(out.GetPayload(), largeReply)
}

func requestSizes() []int { return []int{27182, 8, 1828, 45904} }
func replySizes() []int   { return []int{31415, 9, 2653, 58979} }

func (t *trial) clientStreaming() error {
	up, err := curlew.OpenClientStream[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse](t.ctx, t.client, newStubs().input)
	if err != nil {
		return err
	}
	defer up.Close()
	sum := 0
	for _, n := range requestSizes() {
		if err := up.Send(t.ctx, &testpb.StreamingInputCallRequest{Payload: payload(n)}); err != nil {
			return err
		}
		sum += n
	}
	out, err := up.CloseAndReceive(t.ctx)
	if err != nil {
		return err
	}
	if got := int(out.GetAggregatedPayloadSize()); got != sum {
		return fmt.Errorf("the server got %d bytes, not %d", got, sum)
	}
	return nil
}

func (t *trial) serverStreaming() error {
	in := new(testpb.StreamingOutputCallRequest)
	for _, n := range replySizes() {
		in.ResponseParameters = append(in.ResponseParameters, &testpb.ResponseParameters{Size: int32(n)})
	}
	down, err := curlew.OpenServerStream[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse](t.ctx, t.client, newStubs().output, in)
	if err != nil {
		return err
	}
	defer down.Close()
	for _, n := range replySizes() {
		out, err := down.Receive(t.ctx)
		if err != nil {
			return err
		}
		if err := wantSize(out.GetPayload(), n); err != nil {
			return err
		}
	}
	_, err = down.Receive(t.ctx)
	return wantEnd(err)
}

func (t *trial) open(ctx context.Context, opts ...curlew.CallOption) (dialogue, error) {
	return curlew.OpenBidi[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse](ctx, t.client, newStubs().fullDuplex, opts...)
}

// exchange sends one request and receives its reply.
func (t *trial) exchange(ctx context.Context, d dialogue, requestSize, replySize int) error {
	if err := d.Send(ctx, &testpb.StreamingOutputCallRequest{
		ResponseParameters: []*testpb.ResponseParameters{{Size: int32(replySize)}},
		Payload:            payload(requestSize),
	}); err != nil {
		return err
	}
	out, err := d.Receive(ctx)
	if err != nil {
		return err
	}
	return wantSize(out.GetPayload(), replySize)
}

// finish ends the requests and wants the end of the replies.
func (t *trial) finish(d dialogue) error {
	if err := d.CloseSend(); err != nil {
		return err
	}
	_, err := d.Receive(t.ctx)
	return wantEnd(err)
}

func (t *trial) pingPong() error {
	d, err := t.open(t.ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	for i, n := range requestSizes() {
		if err := t.exchange(t.ctx, d, n, replySizes()[i]); err != nil {
			return err
		}
	}
	return t.finish(d)
}

func (t *trial) emptyStream() error {
	d, err := t.open(t.ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	return t.finish(d)
}

func (t *trial) timeoutOnSleepingServer() error {
	ctx, stop := context.WithTimeout(t.ctx, time.Millisecond)
	defer stop()
	d, err := t.open(ctx)
	if err != nil {
		return wantCode(err, curlew.DeadlineExceeded)
	}
	defer d.Close()
	err = d.Send(ctx, &testpb.StreamingOutputCallRequest{Payload: payload(27182)})
	if err == nil || err == io.EOF {
		_, err = d.Receive(ctx)
	}
	return wantCode(err, curlew.DeadlineExceeded)
}

func (t *trial) cancelAfterBegin() error {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	up, err := curlew.OpenClientStream[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse](ctx, t.client, newStubs().input,
		curlew.WithHeader("key1", "value1"), curlew.WithHeader("key2", "value2"))
	if err != nil {
		return err
	}
	defer up.Close()
	cancel()
	_, err = up.CloseAndReceive(ctx)
	return wantCode(err, curlew.Canceled)
}

func (t *trial) cancelAfterFirstResponse() error {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	d, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := t.exchange(ctx, d, 27182, 31415); err != nil {
		return err
	}
	cancel()
	_, err = d.Receive(ctx)
	return wantCode(err, curlew.Canceled)
}

func (t *trial) statusCodeAndMessage() error {
	const message = "test status message"
	status := &testpb.EchoStatus{Code: int32(curlew.Unknown), Message: message}
	err := t.client.Invoke(t.ctx, newStubs().unary, &testpb.SimpleRequest{ResponseStatus: status}, new(testpb.SimpleResponse))
	if err := wantMessage(err, curlew.Unknown, message); err != nil {
		return fmt.Errorf("unary: %w", err)
	}
	d, err := t.open(t.ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Send(t.ctx, &testpb.StreamingOutputCallRequest{ResponseStatus: status}); err != nil {
		return err
	}
	if err := d.CloseSend(); err != nil {
		return err
	}
	_, err = d.Receive(t.ctx)
	return wantMessage(err, curlew.Unknown, message)
}

func (t *trial) specialStatusMessage() error {
	const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
	status := &testpb.EchoStatus{Code: int32(curlew.Unknown), Message: message}
	err := t.client.Invoke(t.ctx, newStubs().unary, &testpb.SimpleRequest{ResponseStatus: status}, new(testpb.SimpleResponse))
	return wantMessage(err, curlew.Unknown, message)
}

func (t *trial) customMetadata() error {
	const initial, trailing = "test_initial_metadata_value", "\x0a\x0b\x0a\x0b\x0a\x0b"
	sent := []curlew.CallOption{curlew.WithHeader(echoInitial, initial), curlew.WithHeader(echoTrailing, trailing)}
	check := func(kind string, header, trailer *curlew.Header) error {
		if got := header.Values(echoInitial); len(got) != 1 || got[0] != initial {
			return fmt.Errorf("%s: the header came back as %q", kind, got)
		}
		if got := trailer.Values(echoTrailing); len(got) != 1 || got[0] != trailing {
			return fmt.Errorf("%s: the trailer came back as %q", kind, got)
		}
		return nil
	}
	var header, trailer curlew.Header
	in, out := &testpb.SimpleRequest{ResponseSize: 1, Payload: payload(1)}, new(testpb.SimpleResponse)
	if err := t.client.Invoke(t.ctx, newStubs().unary, in, out, append(sent, curlew.CaptureHeader(&header), curlew.CaptureTrailer(&trailer))...); err != nil {
		return err
	}
	if err := errors.Join(wantSize(out.GetPayload(), 1), check("unary", &header, &trailer)); err != nil {
		return err
	}
	d, err := t.open(t.ctx, sent...)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := t.exchange(t.ctx, d, 1, 1); err != nil {
		return err
	}
	received, err := d.Stream().Header(t.ctx)
	if err != nil {
		return err
	}
	if err := t.finish(d); err != nil {
		return err
	}
	return check("stream", received, d.Stream().Trailer())
}

func (t *trial) unimplemented(m *curlew.Method) error {
	return wantCode(t.client.Invoke(t.ctx, m, new(testpb.Empty), new(testpb.Empty)), curlew.Unimplemented)
}

// soak makes large calls one after the other, each of at most a second, all on
// one client or each on its own.
func (t *trial) soak(newClients bool) error {
	for i := range 10 {
		c := t.client
		if newClients {
			var err error
			if c, err = t.dialer.dial(); err != nil {
				return err
			}
		}
		begin := time.Now()
		err := t.large(t.ctx, c)
		if newClients {
			c.Close()
		}
		if took := time.Since(begin); err == nil && took > time.Second {
			err = fmt.Errorf("it took %v", took)
		}
		if err != nil {
			return fmt.Errorf("call %d: %w", i+1, err)
		}
	}
	return nil
}

func payload(n int) *testpb.Payload { return &testpb.Payload{Body: make([]byte, n)} }

func wantSize(p *testpb.Payload, n int) error {
	if p.GetType() != testpb.PayloadType_COMPRESSABLE || len(p.GetBody()) != n {
		return fmt.Errorf("a payload of type %v with %d bytes instead of %d", p.GetType(), len(p.GetBody()), n)
	}
	return nil
}

func wantEnd(err error) error {
	if err == nil {
		return errors.New("there was one reply too many")
	}
	if err != io.EOF {
		return err
	}
	return nil
}

func wantCode(err error, code curlew.Code) error {
	if curlew.CodeOf(err) != code {
		return fmt.Errorf("the call ended with %v instead of %v", err, code)
	}
	return nil
}

func wantMessage(err error, code curlew.Code, message string) error {
	if e := curlew.ErrorOf(err); e == nil || e.Code() != code || e.Message() != message {
		return fmt.Errorf("the call ended with %v instead of %v with the message %q", err, code, message)
	}
	return nil
}
