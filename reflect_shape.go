// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// shape is how a receiver's method fits a kind of call.
type shape struct {
	kind           Kind
	request, reply reflect.Type // of the messages, never pointers to them
	params         []param
}

// maxParams is the number of parameters of the longest shape.
const maxParams = 3

// param is a parameter of a receiver's method.
type param struct {
	role role
	typ  reflect.Type
}

// role is what a parameter is for.
type role uint8

const (
	contextParam role = iota
	requestParam
	replyParam
	streamParam
)

var (
	contextType     = reflect.TypeFor[context.Context]()
	errorType       = reflect.TypeFor[error]()
	protoType       = reflect.TypeFor[proto.Message]()
	typedStreamType = reflect.TypeFor[typedStream]()
)

// typedStream is a pointer to a stream parameter of a handler.
type typedStream interface {
	bind(Stream)
	// messages returns the types that the handler receives and sends, nil for
	// a direction that the stream does not have.
	messages() (request, reply reflect.Type)
}

func (s *Sender[T]) bind(stream Stream)      { s.stream = stream }
func (r *Receiver[T]) bind(stream Stream)    { r.stream = stream }
func (b *Bidi[Req, Res]) bind(stream Stream) { b.stream = stream }

func (s *Sender[T]) messages() (request, reply reflect.Type)   { return nil, reflect.TypeFor[T]() }
func (r *Receiver[T]) messages() (request, reply reflect.Type) { return reflect.TypeFor[T](), nil }
func (b *Bidi[Req, Res]) messages() (request, reply reflect.Type) {
	return reflect.TypeFor[Req](), reflect.TypeFor[Res]()
}

// shapeOf finds the shape of a bound method's type, or says why there is none.
func shapeOf(t reflect.Type) (s shape, misfit string) {
	if misfit = resultsMisfit(t); misfit != "" {
		return s, misfit
	}
	for i := range t.NumIn() {
		p := param{requestParam, t.In(i)}
		switch {
		case p.typ == contextType:
			p.role = contextParam
			if i > 0 {
				return s, "its context.Context is not the first parameter"
			}
		case p.typ.Implements(typedStreamType):
			return s, fmt.Sprintf("it takes a pointer to a stream, %s; take the stream itself", p.typ)
		case reflect.PointerTo(p.typ).Implements(typedStreamType):
			p.role = streamParam
		}
		s.params = append(s.params, p)
	}
	withContext := len(s.params) > 0 && s.params[0].role == contextParam
	messages := s.params
	if withContext {
		messages = messages[1:]
	}
	misfit = s.assign(messages, t)
	if misfit == "" && !withContext && !(s.kind == KindUnary && t.NumOut() == 1) {
		misfit = "its first parameter is not a context.Context"
	}
	return s, misfit
}

// resultsMisfit says what is wrong with a method's results, and with variadic
// ones.
func resultsMisfit(t reflect.Type) string {
	n := t.NumOut()
	switch {
	case t.IsVariadic():
		return "it is variadic"
	case n == 0:
		return "it returns no error"
	case t.Out(n-1) != errorType:
		return fmt.Sprintf("its last result is %s, not error", t.Out(n-1))
	case n > 2:
		return fmt.Sprintf("it returns %d values before its error, not one at most", n-1)
	}
	return ""
}

// assign finds the kind and the messages by a method's parameters but the
// context, and its results.
func (s *shape) assign(params []param, t reflect.Type) (misfit string) {
	returnsReply := t.NumOut() == 2
	switch {
	case len(params) == 1 && params[0].role == requestParam && returnsReply:
		s.kind, s.request, s.reply = KindUnary, message(params[0].typ), message(t.Out(0))
	case len(params) == 2 && params[0].role == requestParam && params[1].role == requestParam && !returnsReply:
		if params[1].typ.Kind() != reflect.Pointer {
			return fmt.Sprintf("its second parameter, the reply, is %s, not a pointer", params[1].typ)
		}
		params[1].role = replyParam
		s.kind, s.request, s.reply = KindUnary, message(params[0].typ), params[1].typ.Elem()
	default:
		return s.assignStream(params, t)
	}
	return s.valueMisfit(params, t)
}

// assignStream is assign for the kinds that have a stream parameter.
func (s *shape) assignStream(params []param, t reflect.Type) (misfit string) {
	stream := -1
	for i, p := range params {
		if p.role != streamParam {
			continue
		}
		if stream >= 0 {
			return "it takes two streams; take one Bidi[Req, Res]"
		}
		stream = i
	}
	if stream < 0 {
		return misfitOf(len(params), t.NumOut())
	}
	request, reply := reflect.New(params[stream].typ).Interface().(typedStream).messages()
	returnsReply := t.NumOut() == 2
	switch {
	case request == nil:
		if len(params) != 2 || stream != 1 || returnsReply {
			return "a method with a Sender must be (ctx, *Req, Sender[Res]) error"
		}
		s.kind, s.request, s.reply = KindServerStream, message(params[0].typ), reply
	case reply == nil:
		if len(params) != 1 || !returnsReply {
			return "a method with a Receiver must be (ctx, Receiver[Req]) (*Res, error)"
		}
		s.kind, s.request, s.reply = KindClientStream, request, message(t.Out(0))
	default:
		if len(params) != 1 || returnsReply {
			return "a method with a Bidi must be (ctx, Bidi[Req, Res]) error"
		}
		s.kind, s.request, s.reply = KindBidi, request, reply
	}
	return s.valueMisfit(params, t)
}

// misfitOf says why a number of parameters fits no shape without streams.
func misfitOf(params, results int) string {
	switch {
	case results == 2:
		return fmt.Sprintf("it takes %d parameters beside a context and returns (reply, error), which wants one: the request", params)
	case params == 1:
		return "it has no reply; return (*Res, error), or take a pointer to the reply as second parameter"
	default:
		return fmt.Sprintf("it takes %d parameters beside a context and returns error, which wants two: the request and a pointer to the reply", params)
	}
}

// valueMisfit refuses generated messages that are passed by value: they must
// not be copied.
func (s *shape) valueMisfit(params []param, t reflect.Type) string {
	types := []reflect.Type{t.Out(0)}
	for _, p := range params {
		types = append(types, p.typ)
	}
	for _, t := range types {
		if t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(protoType) {
			return fmt.Sprintf("it passes the protobuf message %s by value; use *%s", t, t)
		}
	}
	return ""
}

// message returns the type of the message that a parameter or result stands
// for, given as a pointer or as a value.
func message(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
