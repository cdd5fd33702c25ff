// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
)

const (
	serviceName  = "Bench"
	packageName  = "curlew.bench.v1"
	echoMethod   = "Echo"
	streamMethod = "Stream"
)

// A service is what Kitex's generator asks of an implementation.
type service interface {
	Echo(context.Context, *echopb.Message) (*echopb.Message, error)
	Stream(*echopb.Message, streaming.Stream) error
}

type bench struct{}

func (*bench) Echo(_ context.Context, request *echopb.Message) (*echopb.Message, error) {
	return &echopb.Message{Payload: request.GetPayload()}, nil
}

func (*bench) Stream(request *echopb.Message, stream streaming.Stream) error {
	for range request.GetCount() {
		if err := stream.SendMsg(&echopb.Message{Payload: request.GetPayload()}); err != nil {
			return err
		}
	}
	return nil
}

// serviceInfo describes the service as Kitex's generator does, which leaves
// streams out for clients of other protocols than gRPC.
func serviceInfo(streams bool) *serviceinfo.ServiceInfo {
	methods := map[string]serviceinfo.MethodInfo{
		echoMethod: serviceinfo.NewMethodInfo(handleEcho,
			func() any { return new(args) }, func() any { return new(result) },
			false, serviceinfo.WithStreamingMode(serviceinfo.StreamingUnary)),
	}
	extra := map[string]any{"PackageName": packageName}
	if streams {
		methods[streamMethod] = serviceinfo.NewMethodInfo(handleStream,
			func() any { return new(args) }, func() any { return new(result) },
			false, serviceinfo.WithStreamingMode(serviceinfo.StreamingServer))
		extra["streaming"] = true
	}
	return &serviceinfo.ServiceInfo{
		ServiceName:  serviceName,
		HandlerType:  (*service)(nil),
		Methods:      methods,
		PayloadCodec: serviceinfo.Protobuf,
		Extra:        extra,
	}
}

func handleEcho(ctx context.Context, handler, arg, res any) error {
	switch arg := arg.(type) {
	case *streaming.Args: // a call over gRPC
		request := new(echopb.Message)
		if err := arg.Stream.RecvMsg(request); err != nil {
			return err
		}
		reply, err := handler.(service).Echo(ctx, request)
		if err != nil {
			return err
		}
		return arg.Stream.SendMsg(reply)
	case *args:
		reply, err := handler.(service).Echo(ctx, arg.message)
		res.(*result).message = reply
		return err
	default:
		return errors.New("invalid message type for service method handler")
	}
}

func handleStream(_ context.Context, handler, arg, _ any) error {
	stream := arg.(*streaming.Args).Stream
	request := new(echopb.Message)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	return handler.(service).Stream(request, stream)
}

// wrapped is how Kitex's Protobuf codec knows a message. The generator writes
// such methods for the arguments and the result of every method.
type wrapped struct {
	message *echopb.Message
}

func (w *wrapped) Marshal(out []byte) ([]byte, error) {
	if w.message == nil {
		return out, nil
	}
	return proto.Marshal(w.message)
}

func (w *wrapped) Unmarshal(in []byte) error {
	message := new(echopb.Message)
	if err := proto.Unmarshal(in, message); err != nil {
		return err
	}
	w.message = message
	return nil
}

type args struct{ wrapped }

func (a *args) GetFirstArgument() any { return a.message }

type result struct{ wrapped }

func (r *result) GetResult() any         { return r.message }
func (r *result) SetSuccess(message any) { r.message = message.(*echopb.Message) }
