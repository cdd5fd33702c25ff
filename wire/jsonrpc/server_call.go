// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"cmp"
	"context"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// serverCall is a call that is served.
type serverCall struct {
	pipeline.ServerCall
	server  *server
	version Version
	id      []byte
	silent  bool // a notification
	params  []byte
	answer  func([]byte) error

	decoded bool
}

var _ wire.ServerStream = (*serverCall)(nil)

// Receive decodes the request; see [wire.ServerStream].
func (c *serverCall) Receive(_ context.Context, message any) error {
	if c.decoded {
		return io.EOF
	}
	err := decodeParams(c.version, c.params, message)
	c.drop()
	if err != nil {
		return curlew.Errorf(curlew.InvalidArgument, "%s: params: %w", c.In.Target.Method.FullName(), err)
	}
	return nil
}

// drop lets go of the request.
func (c *serverCall) drop() {
	if !c.decoded {
		c.decoded = true
		c.server.Decoded(len(c.params))
		c.params = nil
	}
}

// Finish answers the call; see [wire.ServerStream]. A panic of the message's own
// method leaves the call as it was.
func (c *serverCall) Finish(message any, failed *curlew.Error) *curlew.Error {
	var answer []byte
	if failed == nil && !c.silent {
		answer, failed = c.result(message)
	}
	if failed != nil && !c.silent {
		answer = appendError(nil, c.version, c.id, 0, failed)
	}
	defer c.server.Done()
	c.drop()
	if err := c.answer(answer); err != nil {
		return curlew.Errorf(curlew.Unavailable, "%s: the answer was not sent: %w", c.In.Target.Method.FullName(), err).
			WithOrigin(curlew.OriginTransport)
	}
	return failed
}

// result encodes the answer of a call that has succeeded.
func (c *serverCall) result(message any) ([]byte, *curlew.Error) {
	method := c.In.Target.Method
	result, err := marshal(message)
	if err != nil {
		return nil, curlew.Errorf(curlew.Internal, "%s: reply: %w", method.FullName(), err)
	}
	if limit := cmp.Or(c.In.Target.MaxSend, c.server.limits.MaxSend); len(result) > limit {
		return nil, curlew.Errorf(curlew.ResourceExhausted, "%s: reply of %d bytes, more than the %d that MaxSend allows", method.FullName(), len(result), limit)
	}
	if c.version == Version1 {
		result = present(result, message)
	}
	return appendResult(nil, c.version, c.id, result), nil
}
