// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// dialect is the client's half.
type dialect struct {
	version Version
	in      *reader
}

// Check returns nil: what cannot be encoded shows when it is.
func (d *dialect) Check(*curlew.Method) error { return nil }

// Silent reports whether there are notifications. Go's servers answer to those
// of JSON-RPC 1.0.
func (d *dialect) Silent() bool { return d.version == Version2 }

func (d *dialect) Send(ctx context.Context, r *pipeline.Request) error {
	params, failed := encode(r)
	if failed != nil {
		return failed
	}
	return r.Send(ctx, d.appendRequest(nil, r, params))
}

// encode encodes the message of a request. The panic of the message's own method
// becomes an error: the session goes on.
func encode(r *pipeline.Request) (params []byte, failed *curlew.Error) {
	name := r.Method.FullName()
	defer func() {
		if p := recover(); p != nil {
			failed = curlew.Errorf(curlew.Internal, "%s: request: panic in the encoding of %T: %v", name, r.Message, p)
		}
	}()
	params, err := marshal(r.Message)
	switch {
	case err != nil:
		return nil, curlew.Errorf(curlew.InvalidArgument, "%s: request: %w", name, err)
	case len(params) > r.MaxSend:
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%s: request of %d bytes, more than the %d that MaxSend allows", name, len(params), r.MaxSend)
	}
	return params, nil
}

// appendRequest appends a request. The id comes first: then a server that finds
// the request too large knows whose it is.
func (d *dialect) appendRequest(b []byte, r *pipeline.Request, params []byte) []byte {
	b = append(b, '{')
	if d.version == Version2 {
		b = append(b, `"jsonrpc":"2.0",`...)
	}
	if !r.Silent {
		b = append(b, `"id":`...)
		b = strconv.AppendUint(b, r.Seq, 10)
		b = append(b, ',')
	}
	name, _ := json.Marshal(pipeline.ServiceMethod(r.Method)) // a string can be encoded
	b = append(append(b, `"method":`...), name...)
	b = append(b, `,"params":`...)
	if d.version == Version2 && params[0] == '{' {
		b = append(b, params...)
	} else {
		b = append(append(append(b, '['), params...), ']')
	}
	return append(b, '}', '\n')
}

func (d *dialect) Read(s *pipeline.Session) error {
	for {
		b, err := d.in.next(s.Largest)
		var size *sizeError
		switch {
		case errors.As(err, &size) && size.whole:
			_, id := ends(size.head, size.tail)
			if err := d.deliver(s, id, nil, curlew.NewError(curlew.ResourceExhausted, "reply: "+size.Error())); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		if err := d.answers(s, b); err != nil {
			return err
		}
	}
}

// answers delivers an answer, or a batch of them.
func (d *dialect) answers(s *pipeline.Session, b []byte) error {
	if b[0] == '{' {
		return d.answer(s, b)
	}
	for e := range elements(b) {
		if err := d.answer(s, e); err != nil {
			return err
		}
	}
	return nil
}

func (d *dialect) answer(s *pipeline.Session, b []byte) error {
	m, err := parse(b)
	switch {
	case err != nil:
		return fmt.Errorf("the server's answer: %w", err)
	case m.method != nil: // a call or notification of the server's: there is nobody to serve it
		return nil
	case !isNull(m.err):
		return d.deliver(s, m.id, nil, errorIn(&m))
	case m.result == nil:
		return d.deliver(s, m.id, nil, curlew.NewError(curlew.Internal, "the answer has neither a result nor an error"))
	}
	return d.deliver(s, m.id, m.result, nil)
}

// deliver gives a call its answer.
func (d *dialect) deliver(s *pipeline.Session, id, result []byte, failed *curlew.Error) error {
	if isNull(id) && failed != nil { // it could not tell what it answers to
		return failed
	}
	seq, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil {
		return fmt.Errorf("the server's answer has the id %s, which is none of ours", cut(id))
	}
	if limit := s.MaxReceive(seq); len(result) > limit {
		failed = tooLarge(len(result), limit)
	}
	if failed != nil {
		s.Deliver(seq, nil, failed.WithProgress(curlew.Answered))
		return nil
	}
	s.Deliver(seq, reply(result), nil)
	return nil
}

// reply is an undecoded result.
type reply []byte

func (r reply) Decode(_ context.Context, message any) error { return unmarshal(r, message) }

func (r reply) Free() {}
