// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/curlewrpc/curlew"
)

// unary serves a unary method by its generated handler.
type unary struct {
	desc           *grpc.MethodDesc
	implementation any
	fullMethod     string
	interceptor    grpc.UnaryServerInterceptor
}

func (u *unary) serve(ctx context.Context, call *curlew.Call) error {
	s, ctx := newServing(ctx, call, u.fullMethod)
	defer s.end()
	decode := func(into any) error { return fromCall(call.RequestInto(into)) }
	reply, err := u.desc.Handler(u.implementation, ctx, decode, u.interceptor)
	if err != nil {
		return ErrorOf(err)
	}
	return call.SetReply(sound(reply))
}

// streaming serves a method that streams by its generated handler.
type streaming struct {
	handler        grpc.StreamHandler
	implementation any
	info           grpc.StreamServerInfo
	interceptor    grpc.StreamServerInterceptor
}

func (m *streaming) serve(ctx context.Context, call *curlew.Call) error {
	s, ctx := newServing(ctx, call, m.info.FullMethod)
	defer s.end()
	stream := &serverStream{serving: s, ctx: ctx}
	var err error
	if m.interceptor == nil {
		err = m.handler(m.implementation, stream)
	} else {
		err = m.interceptor(m.implementation, stream, &m.info, m.handler)
	}
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return ErrorOf(err)
	}
	return nil
}

// serverStream is a call as a handler that streams sees it.
type serverStream struct {
	*serving
	ctx      context.Context
	received bool // the one request; of the goroutine that receives
	replied  bool // with the one reply; of the goroutine that sends
}

var _ grpc.ServerStream = (*serverStream)(nil)

// Context implements [grpc.ServerStream].
func (s *serverStream) Context() context.Context { return s.ctx }

// SetTrailer implements [grpc.ServerStream]. It cannot return why a trailer is
// not taken, so the call ends with that.
func (s *serverStream) SetTrailer(md metadata.MD) {
	if err := s.serving.SetTrailer(md); err != nil {
		s.refuse(err)
	}
}

// SendMsg implements [grpc.ServerStream].
func (s *serverStream) SendMsg(m any) error {
	m = sound(m)
	if s.call.Method().Kind().ManyReplies() {
		s.beginReply()
		return fromCall(s.call.Stream().Send(s.ctx, m))
	}
	if s.replied {
		return status.Errorf(codes.Internal, "%s: a second reply to a call that has one", s.Method())
	}
	s.replied = true
	return fromCall(s.call.SetReply(m)) // it is sent when the handler returns
}

// RecvMsg implements [grpc.ServerStream].
func (s *serverStream) RecvMsg(m any) error {
	if s.call.Method().Kind().ManyRequests() {
		return fromCall(s.call.Stream().Receive(s.ctx, m))
	}
	if s.received {
		return io.EOF
	}
	s.received = true
	return fromCall(s.call.RequestInto(m))
}

// sound returns m, or an empty message for nil and for a nil pointer to a
// message, which is how grpc-go sends those.
func sound(m any) any {
	if m == nil {
		return new(emptypb.Empty)
	}
	if p, ok := m.(proto.Message); ok && !p.ProtoReflect().IsValid() {
		return p.ProtoReflect().New().Interface()
	}
	return m
}
