// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonhttp

import (
	"context"
	"net/http"
	"strconv"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/compress"
	"github.com/curlewrpc/curlew/internal/bufpool"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// unaryStream is a call with one reply.
type unaryStream struct {
	*call
	compress compress.Compressor // for the reply, if that pays; nil: none
}

var _ wire.ServerStream = (*unaryStream)(nil)

// Send fails: the one reply is what the handler returns.
func (u *unaryStream) Send(context.Context, any) error {
	return curlew.Errorf(curlew.Internal, "%s: a unary method returns its reply", u.in.Target.Method.FullName())
}

// SendHeader does nothing: header, trailer and status travel together.
func (u *unaryStream) SendHeader(context.Context) error { return nil }

// Finish implements [wire.ServerStream].
func (u *unaryStream) Finish(reply any, err *curlew.Error) *curlew.Error {
	fields, invalid := u.metadata()
	if err == nil {
		err = invalid
	}
	if err != nil {
		return u.fail(fields, err)
	}
	body := bufpool.Get(0)
	defer func() { body.Free() }()
	contentType, err := u.encode(body, reply)
	if err != nil {
		return u.fail(fields, err)
	}
	if len(body.B) >= httpwire.CompressAbove {
		fields.Add("vary", "accept-encoding")
		if u.compress != nil {
			if packed := httpwire.Compress(u.compress, body.B); packed != nil {
				body.Free()
				body = packed
				fields.Add("content-encoding", u.compress.Name())
			}
		}
	}
	return u.sent(respond(u.x, http.StatusOK, contentType, fields, body.B))
}

// encode encodes a reply into body.
func (u *unaryStream) encode(body *bufpool.Buf, reply any) (contentType string, failed *curlew.Error) {
	var err error
	if contentType, body.B, err = u.route.appendBody(body.B, reply, u.server.codec); err != nil {
		return "", curlew.Errorf(curlew.Internal, "%s: encode the reply: %w", u.in.Target.Method.FullName(), err)
	}
	if size := len(body.B); size > u.maxSend {
		return "", httpwire.TooLarge(strconv.Itoa(size), u.maxSend, true)
	}
	return contentType, nil
}
