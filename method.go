// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"reflect"
	"strings"
)

// Kind is the shape of a method: one or many messages each way.
type Kind uint8

// The four kinds of methods.
const (
	KindUnary        Kind = iota // one request, one reply
	KindClientStream             // many requests, one reply
	KindServerStream             // one request, many replies
	KindBidi                     // many requests, many replies
)

// String returns "unary", "client_stream", "server_stream" or "bidi".
func (k Kind) String() string {
	switch k {
	case KindClientStream:
		return "client_stream"
	case KindServerStream:
		return "server_stream"
	case KindBidi:
		return "bidi"
	default:
		return "unary"
	}
}

// ManyRequests reports whether a client sends any number of messages.
func (k Kind) ManyRequests() bool { return k == KindClientStream || k == KindBidi }

// ManyReplies reports whether a server sends any number of messages.
func (k Kind) ManyReplies() bool { return k == KindServerStream || k == KindBidi }

// Idempotency says whether running a method twice differs from running it
// once. It is a [MethodOption].
type Idempotency uint8

// The three levels, as in google.protobuf.MethodOptions.IdempotencyLevel.
const (
	IdempotencyUnknown Idempotency = iota // twice may differ from once: never retried once begun
	NoSideEffects                         // changes nothing; may be cached and sent by HTTP GET
	Idempotent                            // twice is as good as once
)

// String returns "unknown", "no_side_effects" or "idempotent".
func (i Idempotency) String() string {
	switch i {
	case NoSideEffects:
		return "no_side_effects"
	case Idempotent:
		return "idempotent"
	default:
		return "unknown"
	}
}

// MethodOption describes a method further; an [Idempotency] is one, and so is
// a [Handler], which serves the method.
type MethodOption interface{ applyToMethod(*Method) }

func (i Idempotency) applyToMethod(m *Method) { m.idempotency = i }

func (h Handler) applyToMethod(m *Method) { m.handler = h }

// MessageTypes tells [NewMethod] the Go types of a method's messages: Args and
// Reply where messages are passed as *Args and *Reply; nil for a type that is
// not known.
func MessageTypes(request, reply reflect.Type) MethodOption {
	return messageTypes{request, reply}
}

type messageTypes struct{ request, reply reflect.Type }

func (t messageTypes) applyToMethod(m *Method) { m.request, m.reply = t.request, t.reply }

// Method describes one procedure of a service and, on the side that serves it,
// holds its handler. It is immutable and safe for concurrent use. Protocols
// remember a method by its pointer: use one Method for many calls.
type Method struct {
	service, name string
	full          string // service and name
	kind          Kind
	idempotency   Idempotency
	request       reflect.Type // element type: Args for messages of type *Args; nil if not known
	reply         reflect.Type
	handler       Handler
	schema        func() (*Schema, error)
}

// NewMethod describes a method whose messages' Go types are not known
// at compile time, for callers that work by name; [MessageTypes] tells those
// that are known at run time. The name is "pkg.Service/Method" or
// "Service.Method". For a service to serve the method, give a [Handler] and the
// name alone, "Method"; where the types are not known, the handler brings the
// messages ([Call.RequestInto], [Stream]).
func NewMethod(name string, kind Kind, opts ...MethodOption) *Method {
	return newMethod(name, kind, nil, nil, nil, opts)
}

func newMethod(name string, kind Kind, request, reply reflect.Type, h Handler, opts []MethodOption) *Method {
	m := &Method{kind: kind, request: request, reply: reply, handler: h}
	m.service, m.name = SplitName(name)
	m.full = fullName(m.service, m.name)
	for _, opt := range opts {
		opt.applyToMethod(m)
	}
	m.schema = schemaOf(m.request, m.reply)
	return m
}

// SplitName splits a method's full name, "pkg.Service/Method", with or without
// a leading slash, or "Service.Method" as net/rpc writes it. Without either
// separator the service is "".
func SplitName(full string) (service, method string) {
	full = strings.TrimPrefix(full, "/")
	if i := strings.LastIndexByte(full, '/'); i >= 0 {
		return full[:i], full[i+1:]
	}
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}

// Service returns the full name of the method's service, "shop.v1.Cart".
func (m *Method) Service() string { return m.service }

// Name returns the method's own name, "Add".
func (m *Method) Name() string { return m.name }

// FullName returns the canonical name, "shop.v1.Cart/Add".
func (m *Method) FullName() string { return m.full }

func fullName(service, name string) string {
	if service == "" {
		return name
	}
	return service + "/" + name
}

// Kind returns the method's shape.
func (m *Method) Kind() Kind { return m.kind }

// Idempotency returns what is known of running the method twice.
func (m *Method) Idempotency() Idempotency { return m.idempotency }

// RequestType returns the Go type of requests, Args where messages are passed
// as *Args; nil if it is not known.
func (m *Method) RequestType() reflect.Type { return m.request }

// ReplyType returns the Go type of replies as RequestType does for requests.
func (m *Method) ReplyType() reflect.Type { return m.reply }

// NewRequest returns a pointer to a new, zero request; nil if the type is not
// known.
func (m *Method) NewRequest() any { return newMessage(m.request) }

// NewReply returns a pointer to a new, zero reply; nil if the type is not
// known.
func (m *Method) NewReply() any { return newMessage(m.reply) }

func newMessage(t reflect.Type) any {
	if t == nil {
		return nil
	}
	return reflect.New(t).Interface()
}

// Handler returns what serves the method, nil on a side that only calls it.
func (m *Method) Handler() Handler { return m.handler }

// of returns a copy of m as a method of the named service.
func (m *Method) of(service string) *Method {
	c := *m
	c.service, c.full = service, fullName(service, m.name)
	return &c
}

// Unary describes a method with one request and one reply. f is nil on a side
// that only calls the method. The name is "Greet" for a method that is given
// to [NewService], else "pkg.Greeter/Greet".
func Unary[Req, Res any](name string, f func(context.Context, *Req) (*Res, error), opts ...MethodOption) *Method {
	var h Handler
	if f != nil {
		h = func(ctx context.Context, call *Call) error {
			request, err := call.Request()
			if err != nil {
				return err
			}
			reply, err := f(ctx, request.(*Req))
			if err != nil {
				return err
			}
			return setReply(call, reply)
		}
	}
	return newMethod(name, KindUnary, reflect.TypeFor[Req](), reflect.TypeFor[Res](), h, opts)
}

// ClientStream describes a method with many requests and one reply; f and name
// are as for [Unary].
func ClientStream[Req, Res any](name string, f func(context.Context, Receiver[Req]) (*Res, error), opts ...MethodOption) *Method {
	var h Handler
	if f != nil {
		h = func(ctx context.Context, call *Call) error {
			reply, err := f(ctx, ReceiverOf[Req](call.Stream()))
			if err != nil {
				return err
			}
			return setReply(call, reply)
		}
	}
	return newMethod(name, KindClientStream, reflect.TypeFor[Req](), reflect.TypeFor[Res](), h, opts)
}

// ServerStream describes a method with one request and many replies; f and
// name are as for [Unary].
func ServerStream[Req, Res any](name string, f func(context.Context, *Req, Sender[Res]) error, opts ...MethodOption) *Method {
	var h Handler
	if f != nil {
		h = func(ctx context.Context, call *Call) error {
			request, err := call.Request()
			if err != nil {
				return err
			}
			return f(ctx, request.(*Req), SenderOf[Res](call.Stream()))
		}
	}
	return newMethod(name, KindServerStream, reflect.TypeFor[Req](), reflect.TypeFor[Res](), h, opts)
}

// BidiStream describes a method with many requests and many replies; f and
// name are as for [Unary].
func BidiStream[Req, Res any](name string, f func(context.Context, Bidi[Req, Res]) error, opts ...MethodOption) *Method {
	var h Handler
	if f != nil {
		h = func(ctx context.Context, call *Call) error {
			return f(ctx, BidiOf[Req, Res](call.Stream()))
		}
	}
	return newMethod(name, KindBidi, reflect.TypeFor[Req](), reflect.TypeFor[Res](), h, opts)
}

// setReply stores a handler's reply; a nil pointer without an error is the
// handler's bug and the caller's internal error.
func setReply[Res any](call *Call, reply *Res) error {
	if reply == nil {
		return noReply(call)
	}
	return call.SetReply(reply)
}

func noReply(call *Call) error {
	return Errorf(Internal, "%s: the handler returned neither a reply nor an error", call.Method().FullName())
}
