// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/curlewrpc/curlew"
)

// stream is a call that is open: what the interceptors made of the session's
// stream, and the end of the call, which comes with the last message, an error,
// Close, the end of the context or that of the client, whichever is first.
type stream struct {
	curlew.Stream
	client *Client
	call   *curlew.Call
	ctx    context.Context
	stops  [2]func() bool // of the watches on ctx and the client

	mu    sync.Mutex
	ended bool
	done  chan struct{} // closed when the end is complete; then err is set
	err   error         // what Receive returns from then on
}

// open opens a call that has begun.
func (ch *chain) open(ctx context.Context, call *curlew.Call) (s *stream, err error) {
	c := ch.client
	if !c.owned.enter() {
		return nil, errClosed
	}
	defer func() {
		if s != nil {
			return
		}
		if opened := call.Stream(); opened != nil {
			opened.Close()
		}
		capture(call)
		call.End(err)
		c.owned.leave()
	}()
	if err := ch.run(ctx, call); err != nil {
		return nil, err
	}
	name := call.Method().FullName()
	if call.Stream() == nil {
		return nil, curlew.Errorf(curlew.Internal, "%s: an interceptor answered a %s call without a stream", name, call.Method().Kind())
	}
	s = &stream{Stream: call.Stream(), client: c, call: call, ctx: ctx, done: make(chan struct{})}
	s.mu.Lock() // an end waits until there are stops
	defer s.mu.Unlock()
	s.stops[0] = context.AfterFunc(ctx, func() { s.end(contextError(ctx, name).WithProgress(curlew.MaybeSent)) })
	s.stops[1] = context.AfterFunc(c.ctx, func() { s.end(errClosed.WithProgress(curlew.MaybeSent)) })
	return s, nil
}

// end ends the call, once, and returns what the first end said. It waits until
// that is complete.
func (s *stream) end(err error) error {
	s.mu.Lock()
	first := !s.ended
	s.ended = true
	stops := s.stops
	s.mu.Unlock()
	if !first {
		<-s.done
		return s.err
	}
	stops[0]()
	stops[1]()
	s.Stream.Close()
	takeMetadata(s.ctx, s.call, s.Stream)
	capture(s.call)
	s.err = err
	close(s.done)
	if err == io.EOF {
		s.call.End(nil)
	} else {
		s.call.End(err)
	}
	s.client.owned.leave()
	return err
}

// hasEnded reports whether the call is over.
func (s *stream) hasEnded() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Send implements curlew.Stream.
func (s *stream) Send(ctx context.Context, m any) error {
	if isNil(m) {
		return invalid("%s: the message to send is nil", s.call.Method().FullName())
	}
	if s.hasEnded() {
		return io.EOF // Receive knows why
	}
	err := s.Stream.Send(ctx, m)
	if err != nil && s.hasEnded() {
		return io.EOF
	}
	return err
}

// Receive implements curlew.Stream.
func (s *stream) Receive(ctx context.Context, m any) error {
	if isNil(m) {
		return invalid("%s: there is nothing to receive into; pass a pointer", s.call.Method().FullName())
	}
	if s.hasEnded() {
		return s.err
	}
	err := s.Stream.Receive(ctx, m)
	switch {
	case err == nil && s.call.Method().Kind().ManyReplies():
		return nil
	case err == nil: // the one reply
		s.end(io.EOF)
		return nil
	case err == io.EOF:
		return s.end(io.EOF)
	case ctx.Err() != nil && s.ctx.Err() == nil && errors.Is(err, ctx.Err()):
		return failure(err) // only this Receive was given up
	}
	return s.end(failure(err))
}

// Close implements curlew.Stream.
func (s *stream) Close() error {
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	if !ended {
		s.end(curlew.Errorf(curlew.Canceled, "%s: the caller closed the stream", s.call.Method().FullName()))
	}
	return nil
}
