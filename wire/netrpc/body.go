// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/gobstream"
)

// types remembers how messages are carried. It is safe for concurrent use.
type types struct {
	mu    sync.Mutex
	known map[reflect.Type]carriage
}

// carriage says how messages of a type are carried.
type carriage struct {
	empty bool  // as noBody
	err   error // not at all
}

// of returns how messages of type t are carried. A nil type is one that is not
// known yet.
func (s *types) of(t reflect.Type) carriage {
	if t == nil {
		return carriage{}
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.known[t]
	if !ok {
		if c.empty = gobstream.Empty(t); !c.empty {
			if err := gobstream.Check(t); err != nil {
				c.err = errCarry{err}
			}
		}
		if s.known == nil {
			s.known = make(map[reflect.Type]carriage)
		}
		s.known[t] = c
	}
	return c
}

// check says why a method's messages cannot be carried.
func (s *types) check(m *curlew.Method) error {
	for _, t := range [...]reflect.Type{m.RequestType(), m.ReplyType()} {
		if err := s.of(t).err; err != nil {
			return curlew.Errorf(curlew.Unimplemented, "%s: %w", m.FullName(), err)
		}
	}
	return nil
}

// errCarry says that the protocol cannot carry messages of a type.
type errCarry struct{ error }

func (e errCarry) Error() string {
	return "the netrpc protocol cannot carry this type: " + e.error.Error()
}

// output is the sending direction of a connection. The one who holds the token
// encodes and sends, so that the bytes leave in the order in which gob made
// them. It is no mutex: users' code encodes, and may wait.
type output struct {
	encoder *gobstream.Encoder
	token   chan struct{}
}

func newOutput() output {
	return output{encoder: gobstream.NewEncoder(), token: make(chan struct{}, 1)}
}

// errEncode says that nothing was sent because a message could not be encoded.
type errEncode struct{ error }

func (e errEncode) Unwrap() error { return e.error }

// send encodes a header and a body, each in at most limit bytes, and has send
// send them.
func (o *output) send(ctx context.Context, limit int, header, body any, send func([]byte) error) error {
	select {
	case o.token <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-o.token }()
	b, err := o.encoder.Encode(limit, header, body)
	if err != nil {
		return errEncode{err}
	}
	if err := send(b); err != nil {
		o.encoder.Drop()
		return err
	}
	o.encoder.Commit()
	return nil
}

// outgoing returns what is encoded for message.
func (s *types) outgoing(message any) (any, error) {
	v := reflect.ValueOf(message)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("a nil %T", message)
	}
	c := s.of(v.Type())
	if c.empty {
		return noBody{}, nil
	}
	return message, c.err
}

// decode decodes v into message.
func (s *types) decode(ctx context.Context, v *gobstream.Value, message any) error {
	target := reflect.ValueOf(message)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("cannot be decoded into a %T, which is no pointer to a message", message)
	}
	c := s.of(target.Type())
	switch {
	case c.err != nil:
		return c.err
	case c.empty:
		return v.Err()
	}
	return v.Decode(ctx, message)
}

// code returns the code of an error in a message; otherwise is that of a message
// that cannot be read or written.
func code(err error, otherwise curlew.Code) curlew.Code {
	var size *gobstream.SizeError
	var panicked *gobstream.PanicError
	var carry errCarry
	switch {
	case errors.As(err, &size):
		return curlew.ResourceExhausted
	case errors.As(err, &carry):
		return curlew.Unimplemented
	case errors.As(err, &panicked):
		return curlew.Internal
	default:
		return otherwise
	}
}
