// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"context"
	"errors"
	"net"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/gobstream"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// dialect is the client's half.
type dialect struct {
	in        *gobstream.Reader
	out       output
	types     types
	maxHeader int
}

func newDialect(conn net.Conn, limits wire.Limits) *dialect {
	return &dialect{in: gobstream.NewReader(conn, limits.MaxBuffered), out: newOutput(), maxHeader: limits.MaxHeader}
}

func (d *dialect) Check(m *curlew.Method) error { return d.types.check(m) }

// Silent returns false: net/rpc answers every call.
func (d *dialect) Silent() bool { return false }

func (d *dialect) Send(ctx context.Context, r *pipeline.Request) error {
	body, err := d.types.outgoing(r.Message)
	if err != nil {
		return curlew.Errorf(code(err, curlew.InvalidArgument), "%s: request: %w", r.Method.FullName(), err)
	}
	header := &request{ServiceMethod: pipeline.ServiceMethod(r.Method), Seq: r.Seq}
	err = d.out.send(ctx, r.MaxSend, header, body, func(b []byte) error { return r.Send(ctx, b) })
	var failed errEncode
	if errors.As(err, &failed) {
		return curlew.Errorf(code(err, curlew.InvalidArgument), "%s: request: %w", r.Method.FullName(), failed.error)
	}
	return err
}

func (d *dialect) Read(s *pipeline.Session) error {
	for {
		h, err := readHeader(d.in, d.maxHeader)
		if err != nil {
			return err
		}
		body, err := d.in.Next(s.MaxReceive(h.Seq))
		if err != nil {
			err = unexpectedEnd(err)
			if !pipeline.Broken(err) { // this call at least knows its answer
				s.Deliver(h.Seq, nil, unreadable(h, err))
			}
			return err
		}
		switch {
		case h.Error != "":
			body.Free()
			s.Deliver(h.Seq, nil, curlew.NewError(curlew.Unknown, h.Error).WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered))
		case body.Err() != nil:
			err := body.Err()
			body.Free()
			s.Deliver(h.Seq, nil, unreadable(h, err))
		default:
			s.Deliver(h.Seq, &reply{value: body, types: &d.types}, nil)
		}
	}
}

// unreadable is the error of a call whose reply cannot be read.
func unreadable(h response, err error) *curlew.Error {
	return curlew.Errorf(code(err, curlew.Internal), "%s: reply: %w", h.ServiceMethod, err).WithProgress(curlew.Answered)
}

// reply is an undecoded reply.
type reply struct {
	value *gobstream.Value
	types *types
}

func (r *reply) Decode(ctx context.Context, message any) error {
	if err := r.types.decode(ctx, r.value, message); err != nil {
		return curlew.Errorf(code(err, curlew.Internal), "%w", err)
	}
	return nil
}

func (r *reply) Free() { r.value.Free() }
