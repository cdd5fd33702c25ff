// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/conformance/compat"
	"github.com/curlewrpc/curlew/internal/conformance/compressors"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

const serviceName = "connectrpc.conformance.v1.ConformanceService"

// methods returns what can be called, by its name.
func methods() map[string]*curlew.Method {
	all := []*curlew.Method{
		curlew.Unary[conformancev1.UnaryRequest, conformancev1.UnaryResponse](serviceName+"/Unary", nil),
		curlew.Unary[conformancev1.IdempotentUnaryRequest, conformancev1.IdempotentUnaryResponse](serviceName+"/IdempotentUnary", nil, curlew.NoSideEffects),
		curlew.Unary[conformancev1.UnimplementedRequest, conformancev1.UnimplementedResponse](serviceName+"/Unimplemented", nil),
		curlew.ServerStream[conformancev1.ServerStreamRequest, conformancev1.ServerStreamResponse](serviceName+"/ServerStream", nil),
		curlew.ClientStream[conformancev1.ClientStreamRequest, conformancev1.ClientStreamResponse](serviceName+"/ClientStream", nil),
		curlew.BidiStream[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse](serviceName+"/BidiStream", nil),
	}
	byName := make(map[string]*curlew.Method, len(all))
	for _, m := range all {
		byName[m.Name()] = m
	}
	return byName
}

// call makes the call that a request tells. The error is none of the call's: it
// says that there is no such call.
func call(ctx context.Context, caller curlew.Caller, request *conformancev1.ClientCompatRequest) (*conformancev1.ClientResponseResult, error) {
	method := methods()[request.GetMethod()]
	if method == nil || request.GetService() != serviceName {
		return nil, fmt.Errorf("there is no method %s/%s", request.GetService(), request.GetMethod())
	}
	messages, err := unpack(method, request)
	if err != nil {
		return nil, err
	}
	if request.TimeoutMs != nil {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Duration(request.GetTimeoutMs())*time.Millisecond)
		defer stop()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	c := &oneCall{ctx: ctx, cancel: cancel, caller: caller, method: method, request: request, messages: messages}
	if c.options, err = c.newOptions(); err != nil {
		return nil, err
	}
	if method.Kind() == curlew.KindUnary {
		c.failed(c.unary())
	} else {
		c.failed(c.stream())
	}
	c.result.ResponseHeaders = compat.Header(&c.header)
	c.result.ResponseTrailers = compat.Header(&c.trailer)
	return &c.result, nil
}

// unpack returns the messages that are to be sent.
func unpack(m *curlew.Method, request *conformancev1.ClientCompatRequest) ([]proto.Message, error) {
	var messages []proto.Message
	for _, packed := range request.GetRequestMessages() {
		message, ok := m.NewRequest().(proto.Message)
		if !ok {
			return nil, fmt.Errorf("the requests of %s are no messages", m.FullName())
		}
		if err := packed.UnmarshalTo(message); err != nil {
			return nil, err
		}
		messages = append(messages, message)
	}
	if !m.Kind().ManyRequests() && len(messages) != 1 {
		return nil, fmt.Errorf("%s has one request, not %d", m.FullName(), len(messages))
	}
	return messages, nil
}

// oneCall is a call and what has come of it.
type oneCall struct {
	ctx             context.Context
	cancel          context.CancelFunc
	caller          curlew.Caller
	method          *curlew.Method
	request         *conformancev1.ClientCompatRequest
	messages        []proto.Message
	options         []curlew.CallOption
	header, trailer curlew.Header
	result          conformancev1.ClientResponseResult
}

func (c *oneCall) newOptions() ([]curlew.CallOption, error) {
	compressor, err := compressors.For(c.request.GetCompression())
	if err != nil {
		return nil, err
	}
	opts := []curlew.CallOption{curlew.CaptureHeader(&c.header), curlew.CaptureTrailer(&c.trailer)}
	if compressor != nil {
		opts = append(opts, curlew.WithCompression(compressor.Name()))
	}
	var sent curlew.Header
	compat.AddHeader(&sent, c.request.GetRequestHeaders())
	for name, value := range sent.All() {
		opts = append(opts, curlew.WithHeader(name, value))
	}
	return opts, nil
}

// failed notes the call's error, nil for none.
func (c *oneCall) failed(err error) { c.result.Error = compat.FromError(err) }

// received notes a reply, and cancels the call if it is to end there.
func (c *oneCall) received(reply any) {
	if r, ok := reply.(interface {
		GetPayload() *conformancev1.ConformancePayload
	}); ok {
		c.result.Payloads = append(c.result.Payloads, r.GetPayload())
	}
	if n := c.request.GetCancel().GetAfterNumResponses(); n > 0 && int(n) == len(c.result.Payloads) {
		c.cancel()
	}
}

// cancelsAfterCloseSend says how long after the last request the call is to be
// canceled, if at all.
func (c *oneCall) cancelsAfterCloseSend() (time.Duration, bool) {
	switch timing := c.request.GetCancel().GetCancelTiming().(type) {
	case *conformancev1.ClientCompatRequest_Cancel_AfterCloseSendMs:
		return time.Duration(timing.AfterCloseSendMs) * time.Millisecond, true
	case nil:
		return 0, c.request.GetCancel() != nil
	default:
		return 0, false
	}
}

func (c *oneCall) unary() error {
	pause(c.ctx, c.request.GetRequestDelayMs())
	if after, ok := c.cancelsAfterCloseSend(); ok {
		defer time.AfterFunc(after, c.cancel).Stop()
	}
	reply := c.method.NewReply()
	if err := c.caller.Invoke(c.ctx, c.method, c.messages[0], reply, c.options...); err != nil {
		return err
	}
	c.received(reply)
	return nil
}

// stream makes a call of any other kind.
func (c *oneCall) stream() error {
	s, err := c.caller.Open(c.ctx, c.method, c.options...)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.send(s); err == io.EOF {
		return c.receiveAll(s)
	} else if err != nil {
		return err
	}
	if c.request.GetCancel().GetBeforeCloseSend() != nil {
		c.cancel()
	} else if err := s.CloseSend(); err != nil {
		return c.receiveAll(s)
	}
	if after, ok := c.cancelsAfterCloseSend(); ok {
		defer time.AfterFunc(after, c.cancel).Stop()
	}
	return c.receiveAll(s)
}

// send sends the requests and, in full duplex, receives a reply to each.
func (c *oneCall) send(s curlew.Stream) error {
	inTurn := c.request.GetStreamType() == conformancev1.StreamType_STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM
	for i, m := range c.messages {
		pause(c.ctx, c.request.GetRequestDelayMs())
		if err := s.Send(c.ctx, m); err != nil {
			c.result.NumUnsentRequests = int32(len(c.messages) - i)
			return io.EOF // Receive knows why
		}
		if !inTurn {
			continue
		}
		reply := c.method.NewReply()
		if err := s.Receive(c.ctx, reply); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		c.received(reply)
	}
	return nil
}

// receiveAll receives what is left.
func (c *oneCall) receiveAll(s curlew.Stream) error {
	for {
		reply := c.method.NewReply()
		switch err := s.Receive(c.ctx, reply); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		c.received(reply)
		if !c.method.Kind().ManyReplies() {
			return nil
		}
	}
}

// pause waits before a request.
func pause(ctx context.Context, ms uint32) {
	if ms == 0 {
		return
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
