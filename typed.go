// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"errors"
	"io"
	"iter"
)

// Sender sends the replies of a server stream. The zero Sender is not usable;
// [SenderOf] makes one over any [Stream], a test's too.
type Sender[T any] struct{ stream Stream }

// SenderOf returns a Sender over s.
func SenderOf[T any](s Stream) Sender[T] { return Sender[T]{s} }

// Send sends one message; see [Stream.Send].
func (s Sender[T]) Send(ctx context.Context, m *T) error { return s.stream.Send(ctx, m) }

// Stream returns the untyped stream below.
func (s Sender[T]) Stream() Stream { return s.stream }

// Receiver receives a stream of messages: requests in a client-stream handler,
// replies on the client of a server stream.
type Receiver[T any] struct{ stream Stream }

// ReceiverOf returns a Receiver over s.
func ReceiverOf[T any](s Stream) Receiver[T] { return Receiver[T]{s} }

// Receive returns the next message, and io.EOF after the last; see
// [Stream.Receive].
func (r Receiver[T]) Receive(ctx context.Context) (*T, error) { return receive[T](ctx, r.stream) }

// All ranges over the messages up to the end of the stream or its error, which
// comes last with a nil message. Leaving the loop early closes the stream.
func (r Receiver[T]) All(ctx context.Context) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		defer r.stream.Close()
		all(ctx, r.stream, yield)
	}
}

// Close releases the stream; a call that is not over is canceled.
func (r Receiver[T]) Close() error { return r.stream.Close() }

// Stream returns the untyped stream below.
func (r Receiver[T]) Stream() Stream { return r.stream }

// Bidi is both directions of a bidirectional call in its handler.
type Bidi[Req, Res any] struct{ stream Stream }

// BidiOf returns a Bidi over s.
func BidiOf[Req, Res any](s Stream) Bidi[Req, Res] { return Bidi[Req, Res]{s} }

// Send sends one reply; see [Stream.Send].
func (b Bidi[Req, Res]) Send(ctx context.Context, m *Res) error { return b.stream.Send(ctx, m) }

// Receive returns the next request, and io.EOF after the last; see
// [Stream.Receive].
func (b Bidi[Req, Res]) Receive(ctx context.Context) (*Req, error) {
	return receive[Req](ctx, b.stream)
}

// All ranges over the requests as [Receiver.All] does, but leaving the loop
// only stops receiving.
func (b Bidi[Req, Res]) All(ctx context.Context) iter.Seq2[*Req, error] {
	return func(yield func(*Req, error) bool) { all(ctx, b.stream, yield) }
}

// Stream returns the untyped stream below.
func (b Bidi[Req, Res]) Stream() Stream { return b.stream }

// Upload is the client's side of a client stream: many requests, one reply.
type Upload[Req, Res any] struct{ stream Stream }

// Send sends one request; see [Stream.Send].
func (u Upload[Req, Res]) Send(ctx context.Context, m *Req) error { return u.stream.Send(ctx, m) }

// CloseAndReceive ends the requests and waits for the reply.
func (u Upload[Req, Res]) CloseAndReceive(ctx context.Context) (*Res, error) {
	if err := u.stream.CloseSend(); err != nil {
		return nil, err
	}
	reply, err := receive[Res](ctx, u.stream)
	if err == io.EOF {
		return nil, NewError(Internal, "the server ended the call without a reply")
	}
	return reply, err
}

// Close releases the stream; a call that is not over is canceled.
func (u Upload[Req, Res]) Close() error { return u.stream.Close() }

// Stream returns the untyped stream below.
func (u Upload[Req, Res]) Stream() Stream { return u.stream }

// Dialogue is the client's side of a bidirectional call.
type Dialogue[Req, Res any] struct{ stream Stream }

// Send sends one request; see [Stream.Send].
func (d Dialogue[Req, Res]) Send(ctx context.Context, m *Req) error { return d.stream.Send(ctx, m) }

// Receive returns the next reply, and io.EOF after the last; see
// [Stream.Receive].
func (d Dialogue[Req, Res]) Receive(ctx context.Context) (*Res, error) {
	return receive[Res](ctx, d.stream)
}

// All ranges over the replies as [Receiver.All] does, but leaving the loop only
// stops receiving: the stream still wants a Close.
func (d Dialogue[Req, Res]) All(ctx context.Context) iter.Seq2[*Res, error] {
	return func(yield func(*Res, error) bool) { all(ctx, d.stream, yield) }
}

// CloseSend tells the server that no more requests come.
func (d Dialogue[Req, Res]) CloseSend() error { return d.stream.CloseSend() }

// Close releases the stream; a call that is not over is canceled.
func (d Dialogue[Req, Res]) Close() error { return d.stream.Close() }

// Stream returns the untyped stream below.
func (d Dialogue[Req, Res]) Stream() Stream { return d.stream }

// OpenServerStream begins a server-stream call with its request. Stubs use it.
func OpenServerStream[Req, Res any](ctx context.Context, c Caller, m *Method, request *Req, opts ...CallOption) (Receiver[Res], error) {
	s, err := c.Open(ctx, m, opts...)
	if err != nil {
		return Receiver[Res]{}, err
	}
	err = s.Send(ctx, request)
	if err == nil {
		err = s.CloseSend()
	}
	// io.EOF: the call is over already, and Receive tells why.
	if err != nil && !errors.Is(err, io.EOF) {
		s.Close()
		return Receiver[Res]{}, err
	}
	return Receiver[Res]{s}, nil
}

// OpenClientStream begins a client-stream call. Stubs use it.
func OpenClientStream[Req, Res any](ctx context.Context, c Caller, m *Method, opts ...CallOption) (Upload[Req, Res], error) {
	s, err := c.Open(ctx, m, opts...)
	return Upload[Req, Res]{s}, err
}

// OpenBidi begins a bidirectional call. Stubs use it.
func OpenBidi[Req, Res any](ctx context.Context, c Caller, m *Method, opts ...CallOption) (Dialogue[Req, Res], error) {
	s, err := c.Open(ctx, m, opts...)
	return Dialogue[Req, Res]{s}, err
}

func receive[T any](ctx context.Context, s Stream) (*T, error) {
	m := new(T)
	if err := s.Receive(ctx, m); err != nil {
		return nil, err
	}
	return m, nil
}

func all[T any](ctx context.Context, s Stream, yield func(*T, error) bool) {
	for {
		m, err := receive[T](ctx, s)
		if err == io.EOF {
			return
		}
		if !yield(m, err) || err != nil {
			return
		}
	}
}
