// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/curlewrpc/curlew"
)

// clientStream is an open call as a generated client sees it. As in grpc-go, one
// goroutine may send while another receives.
type clientStream struct {
	ctx     context.Context // bounds the call
	own     context.Context // ends with the call
	cancel  context.CancelFunc
	stream  curlew.Stream
	kind    curlew.Kind
	options *callOptions

	closed  bool // no more requests; of the goroutine that sends
	replied bool // the one reply has come; of the goroutine that receives

	ended sync.Once
	stop  func() bool // of the watch on ctx; nil without one
}

var _ grpc.ClientStream = (*clientStream)(nil)

func newClientStream(ctx context.Context, stream curlew.Stream, kind curlew.Kind, o *callOptions) *clientStream {
	s := &clientStream{ctx: ctx, stream: stream, kind: kind, options: o}
	s.own, s.cancel = context.WithCancel(ctx)
	if len(o.onFinish) > 0 {
		s.stop = context.AfterFunc(ctx, s.abandoned)
	}
	return s
}

// abandoned tells that the call's context has ended.
func (s *clientStream) abandoned() { s.end(fromCall(s.ctx.Err())) }

// end tells that the call has ended, well if err is nil. Only the first end
// counts.
func (s *clientStream) end(err error) {
	s.ended.Do(func() {
		s.cancel()
		for _, f := range s.options.onFinish {
			f(err)
		}
	})
}

// receivedEnd is end for the goroutine that receives: all of the call is known
// then. It returns err.
func (s *clientStream) receivedEnd(err error) error {
	s.options.captured()
	if s.stop != nil {
		s.stop()
	}
	s.end(err)
	return err
}

// Header implements [grpc.ClientStream]. Why there is none is told by RecvMsg.
func (s *clientStream) Header() (metadata.MD, error) {
	h, err := s.stream.Header(s.ctx)
	if err != nil {
		return nil, nil
	}
	return toMD(h), nil
}

// Trailer implements [grpc.ClientStream].
func (s *clientStream) Trailer() metadata.MD { return toMD(s.stream.Trailer()) }

// Context implements [grpc.ClientStream].
func (s *clientStream) Context() context.Context { return s.own }

// CloseSend implements [grpc.ClientStream]. Why it could not be done is told by
// RecvMsg.
func (s *clientStream) CloseSend() error {
	if !s.closed {
		s.closed = true
		_ = s.stream.CloseSend()
	}
	return nil
}

// SendMsg implements [grpc.ClientStream]. Of a method with one request it also
// ends the requests.
func (s *clientStream) SendMsg(m any) error {
	if s.closed {
		return status.Error(codes.Internal, "SendMsg called after CloseSend")
	}
	err := fromCall(s.stream.Send(s.ctx, sound(m)))
	over := err == io.EOF || s.ctx.Err() != nil // and RecvMsg knows why
	switch {
	case (err == nil || over) && !s.kind.ManyRequests():
		return s.CloseSend() // without io.EOF, which generated code would return
	case err == nil:
		return nil
	case over:
		return io.EOF
	}
	s.stream.Close()
	s.end(err)
	return err
}

// RecvMsg implements [grpc.ClientStream].
func (s *clientStream) RecvMsg(m any) error {
	err := fromCall(s.stream.Receive(s.ctx, m))
	switch {
	case err == nil && s.kind.ManyReplies():
		return nil
	case err == nil:
		s.replied = true
		return s.receivedEnd(nil)
	case err != io.EOF:
		return s.receivedEnd(err)
	case !s.kind.ManyReplies() && !s.replied:
		return s.receivedEnd(status.Error(codes.Internal, "the server ended the call without a reply"))
	}
	s.receivedEnd(nil)
	return io.EOF
}
