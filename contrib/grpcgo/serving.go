// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/curlewrpc/curlew"
)

// serving is a call being served, as grpc.SetHeader and its like find it in the
// handler's context. Its header and trailer may be set by any goroutine.
type serving struct {
	call       *curlew.Call
	ctx        context.Context // the call's own
	fullMethod string

	mu         sync.Mutex // guards the rest
	headerSent bool
	ended      bool
	refused    error // what the handler could not be told
}

var _ grpc.ServerTransportStream = (*serving)(nil)

// newServing returns a call and the context for its handler, in which what
// grpc-go's packages look for can be found.
func newServing(ctx context.Context, call *curlew.Call, fullMethod string) (*serving, context.Context) {
	s := &serving{call: call, ctx: ctx, fullMethod: fullMethod}
	ctx = metadata.NewIncomingContext(ctx, toMD(call.Header()))
	ctx = peer.NewContext(ctx, peerOf(call.Peer()))
	return s, grpc.NewContextWithServerTransportStream(ctx, s)
}

// Method implements [grpc.ServerTransportStream].
func (s *serving) Method() string { return s.fullMethod }

// SetHeader implements [grpc.ServerTransportStream].
func (s *serving) SetHeader(md metadata.MD) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	return add(s.call.ReplyHeader(), md)
}

// SendHeader implements [grpc.ServerTransportStream].
func (s *serving) SendHeader(md metadata.MD) error {
	s.mu.Lock()
	err := s.open()
	if err == nil {
		err = add(s.call.ReplyHeader(), md)
	}
	s.headerSent = s.headerSent || err == nil
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return fromCall(s.call.SendHeader(s.ctx))
}

// open tells why the header can be changed no more. mu is held.
func (s *serving) open() error {
	switch {
	case s.ended:
		return status.Errorf(codes.Internal, "%s: the handler has returned", s.fullMethod)
	case s.headerSent:
		return status.Errorf(codes.Internal, "%s: the header has been sent; set it before the first reply", s.fullMethod)
	}
	return nil
}

// SetTrailer implements [grpc.ServerTransportStream].
func (s *serving) SetTrailer(md metadata.MD) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return status.Errorf(codes.Internal, "%s: the handler has returned", s.fullMethod)
	}
	return add(s.call.ReplyTrailer(), md)
}

// beginReply says that the header leaves with what is sent now.
func (s *serving) beginReply() {
	s.mu.Lock()
	s.headerSent = true
	s.mu.Unlock()
}

// refuse ends the call with err, unless its handler has an error of its own.
func (s *serving) refuse(err error) {
	s.mu.Lock()
	s.refused = err
	s.mu.Unlock()
}

// end says that the handler has returned, and returns what it could not be told.
func (s *serving) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.refused
}
