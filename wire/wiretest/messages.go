// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/curlewrpc/curlew"
)

const serviceName = "wiretest.Suite"

// kinds are the four kinds of methods with the names that they have in the
// suite's service.
func kinds() []curlew.Kind {
	return []curlew.Kind{curlew.KindUnary, curlew.KindClientStream, curlew.KindServerStream, curlew.KindBidi}
}

func methodName(k curlew.Kind) string {
	return map[curlew.Kind]string{
		curlew.KindUnary:        "Unary",
		curlew.KindClientStream: "Upload",
		curlew.KindServerStream: "Download",
		curlew.KindBidi:         "Chat",
	}[k]
}

// handlers is what the server does in one case. Cases speak of texts; how a
// text travels is the business of [messages]. What is nil is not served.
type handlers struct {
	// each serves the kinds that have no handler of their own, with one message
	// each way.
	each     func(ctx context.Context, in string) (string, error)
	unary    func(ctx context.Context, in string) (string, error)
	upload   func(ctx context.Context, in *stream) (string, error)
	download func(ctx context.Context, in string, out *stream) error
	chat     func(ctx context.Context, both *stream) error
}

// withEach returns h with each in place of the handlers that are missing.
func (h handlers) withEach() handlers {
	each := h.each
	if each == nil {
		return h
	}
	if h.unary == nil {
		h.unary = each
	}
	if h.upload == nil {
		h.upload = func(ctx context.Context, in *stream) (string, error) {
			text, err := in.receive(ctx)
			if err != nil {
				return "", err
			}
			return each(ctx, text)
		}
	}
	if h.download == nil {
		h.download = func(ctx context.Context, in string, out *stream) error {
			return sendResult(ctx, out)(each(ctx, in))
		}
	}
	if h.chat == nil {
		h.chat = func(ctx context.Context, both *stream) error {
			text, err := both.receive(ctx)
			if err != nil {
				return err
			}
			return sendResult(ctx, both)(each(ctx, text))
		}
	}
	return h
}

func sendResult(ctx context.Context, s *stream) func(string, error) error {
	return func(text string, err error) error {
		if err != nil {
			return err
		}
		return s.send(ctx, text)
	}
}

// messages is a way to write a text down as a message.
type messages interface {
	// name is part of the subtest's name.
	name() string
	// service returns the suite's service with the given handlers.
	service(h handlers) *curlew.Service
	// method returns the method of kind k as a client knows it.
	method(k curlew.Kind) *curlew.Method
	// write returns a message with the text, read the text of a message.
	write(text string) any
	read(message any) string
	// empty returns a message to decode into.
	empty() any
	// silent returns the suite's service with a handler of kind k, of those with
	// one reply, that returns neither a reply nor an error.
	silent(k curlew.Kind) *curlew.Service
}

// Text is the plain Go message of the suite.
type Text struct {
	Value []byte
}

func plainMessages() messages {
	return newMessages("plain",
		func(text string) *Text { return &Text{Value: []byte(text)} },
		func(m *Text) string { return string(m.Value) })
}

func protobufMessages() messages {
	return newMessages("protobuf",
		func(text string) *wrapperspb.BytesValue { return wrapperspb.Bytes([]byte(text)) },
		func(m *wrapperspb.BytesValue) string { return string(m.GetValue()) })
}

// messagesOf is messages of the Go type *M.
type messagesOf[M any] struct {
	label   string
	encode  func(string) *M
	decode  func(*M) string
	methods map[curlew.Kind]*curlew.Method
}

func newMessages[M any](label string, encode func(string) *M, decode func(*M) string) messages {
	name := func(k curlew.Kind) string { return serviceName + "/" + methodName(k) }
	return &messagesOf[M]{label, encode, decode, map[curlew.Kind]*curlew.Method{
		curlew.KindUnary:        curlew.Unary[M, M](name(curlew.KindUnary), nil),
		curlew.KindClientStream: curlew.ClientStream[M, M](name(curlew.KindClientStream), nil),
		curlew.KindServerStream: curlew.ServerStream[M, M](name(curlew.KindServerStream), nil),
		curlew.KindBidi:         curlew.BidiStream[M, M](name(curlew.KindBidi), nil),
	}}
}

func (f *messagesOf[M]) name() string                        { return f.label }
func (f *messagesOf[M]) method(k curlew.Kind) *curlew.Method { return f.methods[k] }
func (f *messagesOf[M]) write(text string) any               { return f.encode(text) }
func (f *messagesOf[M]) read(message any) string             { return f.decode(message.(*M)) }
func (f *messagesOf[M]) empty() any                          { return new(M) }

func (f *messagesOf[M]) service(h handlers) *curlew.Service {
	h = h.withEach()
	var methods []*curlew.Method
	if h.unary != nil {
		methods = append(methods, curlew.Unary(methodName(curlew.KindUnary),
			func(ctx context.Context, in *M) (*M, error) {
				return f.result(h.unary(ctx, f.decode(in)))
			}))
	}
	if h.upload != nil {
		methods = append(methods, curlew.ClientStream(methodName(curlew.KindClientStream),
			func(ctx context.Context, in curlew.Receiver[M]) (*M, error) {
				return f.result(h.upload(ctx, &stream{in.Stream(), f}))
			}))
	}
	if h.download != nil {
		methods = append(methods, curlew.ServerStream(methodName(curlew.KindServerStream),
			func(ctx context.Context, in *M, out curlew.Sender[M]) error {
				return h.download(ctx, f.decode(in), &stream{out.Stream(), f})
			}))
	}
	if h.chat != nil {
		methods = append(methods, curlew.BidiStream(methodName(curlew.KindBidi),
			func(ctx context.Context, both curlew.Bidi[M, M]) error {
				return h.chat(ctx, &stream{both.Stream(), f})
			}))
	}
	return curlew.NewService(serviceName, methods...)
}

func (f *messagesOf[M]) silent(k curlew.Kind) *curlew.Service {
	if k == curlew.KindUnary {
		return curlew.NewService(serviceName, curlew.Unary(methodName(k),
			func(context.Context, *M) (*M, error) { return nil, nil }))
	}
	return curlew.NewService(serviceName, curlew.ClientStream(methodName(k),
		func(context.Context, curlew.Receiver[M]) (*M, error) { return nil, nil }))
}

func (f *messagesOf[M]) result(text string, err error) (*M, error) {
	if err != nil {
		return nil, err
	}
	return f.encode(text), nil
}

// stream is a stream of texts, on either side.
type stream struct {
	curlew.Stream
	messages messages
}

func (s *stream) send(ctx context.Context, text string) error {
	return s.Send(ctx, s.messages.write(text))
}

func (s *stream) receive(ctx context.Context) (string, error) {
	m := s.messages.empty()
	if err := s.Receive(ctx, m); err != nil {
		return "", err
	}
	return s.messages.read(m), nil
}

// caller makes the suite's calls through any curlew.Caller.
type caller struct {
	curlew.Caller
	messages messages
	codec    curlew.Codec
}

func (c caller) options(opts []curlew.CallOption) []curlew.CallOption {
	if c.codec == nil {
		return opts
	}
	return append([]curlew.CallOption{curlew.WithCodec(c.codec)}, opts...)
}

// open begins a call.
func (c caller) open(ctx context.Context, k curlew.Kind, opts ...curlew.CallOption) (*stream, error) {
	s, err := c.Open(ctx, c.messages.method(k), c.options(opts)...)
	if err != nil {
		return nil, err
	}
	return &stream{s, c.messages}, nil
}

// download begins a server stream with its request.
func (c caller) download(ctx context.Context, in string, opts ...curlew.CallOption) (*stream, error) {
	s, err := c.open(ctx, curlew.KindServerStream, opts...)
	if err != nil {
		return nil, err
	}
	err = s.send(ctx, in)
	if err == nil {
		err = s.CloseSend()
	}
	if err != nil && err != io.EOF { // io.EOF: receive tells why
		s.Close()
		return nil, err
	}
	return s, nil
}

// call makes a unary call.
func (c caller) call(ctx context.Context, in string, opts ...curlew.CallOption) (string, error) {
	reply := c.messages.empty()
	err := c.Invoke(ctx, c.messages.method(curlew.KindUnary), c.messages.write(in), reply, c.options(opts)...)
	if err != nil {
		return "", err
	}
	return c.messages.read(reply), nil
}

// exchange makes a call of any kind with one message each way, and sees it
// through to its end.
func (c caller) exchange(ctx context.Context, k curlew.Kind, in string, opts ...curlew.CallOption) (string, error) {
	if k == curlew.KindUnary {
		return c.call(ctx, in, opts...)
	}
	s, err := c.open(ctx, k, opts...)
	if err != nil {
		return "", err
	}
	defer s.Close()
	err = s.send(ctx, in)
	if err == nil {
		err = s.CloseSend()
	}
	if err != nil && err != io.EOF { // io.EOF: receive tells why
		return "", err
	}
	return s.only(ctx)
}

// only receives the one message that is left, and the end of the stream.
func (s *stream) only(ctx context.Context) (string, error) {
	out, err := s.receive(ctx)
	if err != nil {
		return "", err
	}
	switch more, err := s.receive(ctx); err {
	case io.EOF:
		return out, nil
	case nil:
		return "", fmt.Errorf("a second message of %d bytes where the stream had to end", len(more))
	default:
		return "", err
	}
}
