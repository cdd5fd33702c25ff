// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/conformance/compat"
	conformancev1 "github.com/curlewrpc/curlew/internal/conformance/proto/connectrpc/conformance/v1"
)

// service is connectrpc.conformance.v1.ConformanceService without its method
// Unimplemented. What the methods do is told by service.proto.
func service() *curlew.Service {
	return curlew.NewService("connectrpc.conformance.v1.ConformanceService",
		curlew.Unary("Unary", func(ctx context.Context, in *conformancev1.UnaryRequest) (*conformancev1.UnaryResponse, error) {
			payload, err := answer(ctx, in.GetResponseDefinition(), in)
			return &conformancev1.UnaryResponse{Payload: payload}, err
		}),
		curlew.Unary("IdempotentUnary", func(ctx context.Context, in *conformancev1.IdempotentUnaryRequest) (*conformancev1.IdempotentUnaryResponse, error) {
			payload, err := answer(ctx, in.GetResponseDefinition(), in)
			return &conformancev1.IdempotentUnaryResponse{Payload: payload}, err
		}, curlew.NoSideEffects),
		curlew.ClientStream("ClientStream", clientStream),
		curlew.ServerStream("ServerStream", serverStream),
		curlew.BidiStream("BidiStream", bidiStream),
	)
}

func clientStream(ctx context.Context, stream curlew.Receiver[conformancev1.ClientStreamRequest]) (*conformancev1.ClientStreamResponse, error) {
	var definition *conformancev1.UnaryResponseDefinition
	var requests []proto.Message
	for in, err := range stream.All(ctx) {
		if err != nil {
			return nil, err
		}
		if requests == nil {
			definition = in.GetResponseDefinition()
		}
		requests = append(requests, in)
	}
	payload, err := answer(ctx, definition, requests...)
	return &conformancev1.ClientStreamResponse{Payload: payload}, err
}

// answer makes the one reply, or the error, that a definition tells.
func answer(ctx context.Context, d *conformancev1.UnaryResponseDefinition, requests ...proto.Message) (*conformancev1.ConformancePayload, error) {
	info, err := requestInfo(ctx, requests)
	if err != nil {
		return nil, err
	}
	call := curlew.CallFrom(ctx)
	compat.AddHeader(call.ReplyHeader(), d.GetResponseHeaders())
	compat.AddHeader(call.ReplyTrailer(), d.GetResponseTrailers())
	if err := pause(ctx, d.GetResponseDelayMs()); err != nil {
		return nil, err
	}
	if e := d.GetError(); e != nil {
		return nil, failure(e, info)
	}
	return &conformancev1.ConformancePayload{Data: d.GetResponseData(), RequestInfo: info}, nil
}

func serverStream(ctx context.Context, in *conformancev1.ServerStreamRequest, stream curlew.Sender[conformancev1.ServerStreamResponse]) error {
	r := &replies{definition: in.GetResponseDefinition(), send: func(p *conformancev1.ConformancePayload) error {
		return stream.Send(ctx, &conformancev1.ServerStreamResponse{Payload: p})
	}}
	if err := r.begin(ctx); err != nil {
		return err
	}
	return r.rest(ctx, []proto.Message{in})
}

func bidiStream(ctx context.Context, stream curlew.Bidi[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse]) error {
	r := &replies{send: func(p *conformancev1.ConformancePayload) error {
		return stream.Send(ctx, &conformancev1.BidiStreamResponse{Payload: p})
	}}
	var requests []proto.Message
	begun, fullDuplex := false, false
	for {
		in, err := stream.Receive(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		requests = append(requests, in)
		if !begun {
			begun, fullDuplex = true, in.GetFullDuplex()
			r.definition = in.GetResponseDefinition()
			if fullDuplex {
				if err := r.begin(ctx); err != nil {
					return err
				}
			}
		}
		if fullDuplex {
			if r.sent == len(r.definition.GetResponseData()) {
				break
			}
			if err := r.next(ctx, requests); err != nil {
				return err
			}
			requests = nil
		}
	}
	if !fullDuplex {
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	return r.rest(ctx, requests)
}

// replies sends what a definition tells.
type replies struct {
	definition *conformancev1.StreamResponseDefinition
	send       func(*conformancev1.ConformancePayload) error
	sent       int
}

// begin sends the header, if there are replies; an error comes without one.
func (r *replies) begin(ctx context.Context) error {
	call := curlew.CallFrom(ctx)
	compat.AddHeader(call.ReplyHeader(), r.definition.GetResponseHeaders())
	compat.AddHeader(call.ReplyTrailer(), r.definition.GetResponseTrailers())
	if len(r.definition.GetResponseData()) == 0 {
		return nil
	}
	return call.SendHeader(ctx)
}

// next sends one reply. The first tells all of the request, a later one only
// the messages since the last.
func (r *replies) next(ctx context.Context, requests []proto.Message) error {
	payload := &conformancev1.ConformancePayload{Data: r.definition.GetResponseData()[r.sent]}
	switch {
	case r.sent == 0:
		info, err := requestInfo(ctx, requests)
		if err != nil {
			return err
		}
		payload.RequestInfo = info
	case len(requests) > 0:
		packed, err := pack(requests)
		if err != nil {
			return err
		}
		payload.RequestInfo = &conformancev1.ConformancePayload_RequestInfo{Requests: packed}
	}
	if err := pause(ctx, r.definition.GetResponseDelayMs()); err != nil {
		return err
	}
	r.sent++
	return r.send(payload)
}

// rest sends the replies that are left, and returns the error at their end.
func (r *replies) rest(ctx context.Context, requests []proto.Message) error {
	for r.sent < len(r.definition.GetResponseData()) {
		if err := r.next(ctx, requests); err != nil {
			return err
		}
		requests = nil
	}
	e := r.definition.GetError()
	if e == nil {
		return nil
	}
	if r.sent > 0 {
		return compat.Error(e)
	}
	info, err := requestInfo(ctx, requests)
	if err != nil {
		return err
	}
	return failure(e, info)
}

// failure returns an error that tells of the request in one more detail.
func failure(e *conformancev1.Error, info *conformancev1.ConformancePayload_RequestInfo) error {
	detail, err := curlew.NewDetail(info)
	if err != nil {
		return err
	}
	return compat.Error(e).WithDetails(detail)
}

func requestInfo(ctx context.Context, requests []proto.Message) (*conformancev1.ConformancePayload_RequestInfo, error) {
	packed, err := pack(requests)
	if err != nil {
		return nil, err
	}
	info := &conformancev1.ConformancePayload_RequestInfo{
		RequestHeaders: compat.Header(curlew.CallFrom(ctx).Header()),
		Requests:       packed,
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline).Milliseconds()
		info.TimeoutMs = &left
	}
	return info, nil
}

func pack(messages []proto.Message) ([]*anypb.Any, error) {
	packed := make([]*anypb.Any, len(messages))
	for i, m := range messages {
		var err error
		if packed[i], err = anypb.New(m); err != nil {
			return nil, err
		}
	}
	return packed, nil
}

// pause waits as long as a definition tells, or until the call has ended.
func pause(ctx context.Context, ms uint32) error {
	if ms == 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
