// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
)

// unaryStream is a unary call in the shape of a stream, for callers that know
// only streams: Send makes the call, Receive takes its reply.
type unaryStream struct {
	chain  *chain
	call   *curlew.Call
	ctx    context.Context // ends at Close too
	cancel context.CancelCauseFunc
	stop   func() bool // of the watch on ctx
	// stopTimer ends the client's timeout.
	stopTimer context.CancelFunc

	mu       sync.Mutex // guards sent and taken
	sent     bool
	taken    bool
	answered chan struct{} // closed when the call is answered; then err is set
	err      error
	once     sync.Once // the end of the call
}

func newUnaryStream(ctx context.Context, ch *chain, call *curlew.Call, timeout time.Duration) *unaryStream {
	s := &unaryStream{chain: ch, call: call, answered: make(chan struct{})}
	ctx, s.cancel = context.WithCancelCause(ctx)
	s.ctx, s.stopTimer = withTimeout(ctx, timeout)
	return s
}

// set sets *flag and reports whether it was not.
func (s *unaryStream) set(flag *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := *flag
	*flag = true
	return !was
}

// Send makes the call with the request m and waits until it is answered, so
// that m is the caller's again.
func (s *unaryStream) Send(ctx context.Context, m any) error {
	switch name := s.call.Method().FullName(); {
	case isNil(m):
		return invalid("%s: the message to send is nil", name)
	case ctx.Err() != nil:
		return contextError(ctx, name+" was not sent")
	case s.ctx.Err() != nil:
		return io.EOF
	case !s.set(&s.sent):
		return invalid("%s: a unary call has one request", name)
	}
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	s.call.SetRequest(m)
	err := s.chain.run(s.ctx, s.call)
	s.err = failure(err)
	s.stop = context.AfterFunc(s.ctx, func() {
		<-s.answered
		s.end(contextError(s.ctx, s.call.Method().FullName()))
	})
	close(s.answered)
	if err != nil {
		s.end(err)
		return io.EOF // Receive knows why
	}
	return nil
}

// Receive decodes the reply into m.
func (s *unaryStream) Receive(ctx context.Context, m any) error {
	if isNil(m) {
		return invalid("%s: there is nothing to receive into; pass a pointer", s.call.Method().FullName())
	}
	select {
	case <-s.answered:
	case <-ctx.Done():
		return contextError(ctx, "waiting for the reply")
	case <-s.ctx.Done(): // perhaps because the call is answered and over
	}
	switch {
	case !s.isAnswered():
		return contextError(s.ctx, s.call.Method().FullName())
	case s.err != nil:
		return s.err
	case !s.set(&s.taken):
		return io.EOF
	case s.ctx.Err() != nil:
		return contextError(s.ctx, s.call.Method().FullName())
	}
	err := s.take(ctx, m)
	s.end(err)
	return failure(err)
}

func (s *unaryStream) isAnswered() bool {
	select {
	case <-s.answered:
		return true
	default:
		return false
	}
}

// take decodes the reply, or copies the one that an interceptor has set.
func (s *unaryStream) take(ctx context.Context, m any) error {
	if stream := s.call.Stream(); stream != nil {
		return stream.Receive(ctx, m)
	}
	reply, err := s.call.Reply()
	if err != nil {
		return err
	}
	var copying curlew.Call
	copying.BeginClient(ctx, s.call.Method(), s.call.Options(), nil, m)
	return copying.SetReply(reply)
}

// end ends the call; only the first end counts.
func (s *unaryStream) end(err error) {
	s.once.Do(func() {
		s.stop()
		if stream := s.call.Stream(); stream != nil {
			stream.Close()
		}
		s.cancel(context.Canceled)
		s.stopTimer()
		capture(s.call)
		s.call.End(err)
	})
}

// CloseSend does nothing: there is but one request.
func (s *unaryStream) CloseSend() error { return nil }

// Close releases the call; if it is not over, it is canceled.
func (s *unaryStream) Close() error {
	err := curlew.NewError(curlew.Canceled, "the caller closed the stream")
	s.cancel(err)
	if s.isAnswered() { // else Send ends the call
		s.end(err)
	}
	return nil
}

// Header waits for the reply's header.
func (s *unaryStream) Header(ctx context.Context) (*curlew.Header, error) {
	select {
	case <-s.answered:
		return s.call.ReplyHeader(), nil
	case <-ctx.Done():
		return nil, contextError(ctx, "waiting for the header")
	}
}

// Trailer returns the metadata after the reply.
func (s *unaryStream) Trailer() *curlew.Header {
	if s.isAnswered() {
		return s.call.ReplyTrailer()
	}
	return new(curlew.Header)
}
