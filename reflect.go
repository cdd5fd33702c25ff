// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Reflect makes a service of a receiver's exported methods, promoted ones too.
// It is named after the receiver's type; [Service.Rename] changes that. These
// shapes fit, and may be mixed:
//
//	(ctx, *Req) (*Res, error)           a unary call
//	(*Req, *Res) error                  the same as net/rpc has it
//	(ctx, *Req, *Res) error             the same with a context
//	(ctx, *Req, Sender[Res]) error      a server stream
//	(ctx, Receiver[Req]) (*Res, error)  a client stream
//	(ctx, Bidi[Req, Res]) error         a bidirectional call
//
// A request may be taken and a reply returned by value, and be of a type that
// is no struct: (ctx, int) (string, error). What does not fit is left out and
// told by [Service.Skipped].
//
// It is an error if no method fits, or if one fits whose request or reply
// cannot be expressed as a message; see package schema for what can.
func Reflect(receiver any) (*Service, error) {
	v := reflect.ValueOf(receiver)
	name, err := receiverName(v)
	if err != nil {
		return nil, fmt.Errorf("curlew: Reflect: %w", err)
	}
	var (
		methods []*Method
		skipped []Skipped
		errs    []error
	)
	for i := range v.NumMethod() {
		method := v.Type().Method(i).Name
		s, misfit := shapeOf(v.Method(i).Type())
		if misfit != "" {
			skipped = append(skipped, Skipped{Method: method, Reason: misfit})
			continue
		}
		r := &reflected{shape: s, function: v.Method(i)}
		m := newMethod(method, s.kind, s.request, s.reply, r.serve, nil)
		if _, err := m.Schema(); err != nil {
			errs = append(errs, fmt.Errorf("method %s: %w", method, err))
		}
		methods = append(methods, m)
	}
	skipped = append(skipped, outOfReach(v.Type())...)
	if len(methods) == 0 {
		errs = append(errs, noneFits(skipped))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("curlew: Reflect(%s): %w", v.Type(), err)
	}
	s := NewService(name, methods...)
	s.skipped = skipped
	return s, s.Err()
}

// receiverName returns the name of the receiver's type, without the parameters
// of a generic one.
func receiverName(v reflect.Value) (string, error) {
	if !v.IsValid() {
		return "", errors.New("the receiver is nil")
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "", fmt.Errorf("the receiver is a nil %s", v.Type())
	}
	name, _, _ := strings.Cut(reflect.Indirect(v).Type().Name(), "[")
	if name == "" {
		return "", fmt.Errorf("the receiver's type %s has no name to call the service by", v.Type())
	}
	return name, nil
}

// outOfReach lists the methods that a pointer to t would have beyond t's.
func outOfReach(t reflect.Type) []Skipped {
	if t.Kind() == reflect.Pointer {
		return nil
	}
	var list []Skipped
	pointer := reflect.PointerTo(t)
	for i := range pointer.NumMethod() {
		name := pointer.Method(i).Name
		if _, ok := t.MethodByName(name); !ok {
			list = append(list, Skipped{Method: name, Reason: fmt.Sprintf("its receiver is a pointer; pass a %s to Reflect", pointer)})
		}
	}
	return list
}

func noneFits(skipped []Skipped) error {
	if len(skipped) == 0 {
		return errors.New("it has no exported methods")
	}
	var b strings.Builder
	b.WriteString("no method fits")
	for _, s := range skipped {
		fmt.Fprintf(&b, "\n\t%s: %s", s.Method, s.Reason)
	}
	return errors.New(b.String())
}

// reflected is a receiver's method that is called by reflection.
type reflected struct {
	shape
	function reflect.Value
}

// serve is the method's handler.
func (r *reflected) serve(ctx context.Context, call *Call) error {
	var reply reflect.Value
	var space [maxParams]reflect.Value
	in := space[:0]
	for _, p := range r.params {
		switch p.role {
		case contextParam:
			in = append(in, reflect.ValueOf(ctx))
		case streamParam:
			stream := reflect.New(p.typ)
			stream.Interface().(typedStream).bind(call.Stream())
			in = append(in, stream.Elem())
		case replyParam:
			reply = newReply(r.reply)
			in = append(in, reply)
		case requestParam:
			request, err := call.Request()
			if err != nil {
				return err
			}
			v := reflect.ValueOf(request)
			if p.typ.Kind() != reflect.Pointer {
				v = v.Elem()
			}
			in = append(in, v)
		}
	}
	out := r.function.Call(in)
	if err := out[len(out)-1]; !err.IsNil() {
		return err.Interface().(error)
	}
	if len(out) == 2 {
		reply = out[0]
	}
	return r.setReply(call, reply)
}

// setReply stores what a method gave as its reply, if it has one.
func (r *reflected) setReply(call *Call, reply reflect.Value) error {
	switch {
	case !reply.IsValid(): // the replies were streamed
		return nil
	case reply.Type() == r.reply:
		p := reflect.New(r.reply)
		p.Elem().Set(reply)
		reply = p
	case reply.IsNil():
		return noReply(call)
	}
	return call.SetReply(reply.Interface())
}

// newReply returns a pointer to a reply for a method to fill in. Maps and
// slices are made, as net/rpc does.
func newReply(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	switch t.Kind() {
	case reflect.Map:
		p.Elem().Set(reflect.MakeMap(t))
	case reflect.Slice:
		p.Elem().Set(reflect.MakeSlice(t, 0, 0))
	}
	return p
}
