// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/gobstream"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

// serverCall is a call that is served.
type serverCall struct {
	pipeline.ServerCall
	conn   *serverConn
	header response
	body   *gobstream.Value // nil once it is decoded
	left   bool             // it is no longer one of the calls in flight
}

var _ wire.ServerStream = (*serverCall)(nil)

// Receive decodes the request; see [wire.ServerStream].
func (c *serverCall) Receive(ctx context.Context, message any) error {
	if c.body == nil {
		return io.EOF
	}
	err := c.conn.types.decode(ctx, c.body, message)
	if err != nil && ctx.Err() != nil {
		return curlew.ErrorOf(ctx.Err())
	}
	c.drop()
	if err == nil {
		return nil
	}
	method := c.In.Target.Method
	c.conn.logPanic(method, err)
	return curlew.Errorf(code(err, curlew.InvalidArgument), "%s: request: %w", method.FullName(), err)
}

// drop lets go of the request.
func (c *serverCall) drop() {
	if c.body != nil {
		n := c.body.Size()
		c.body.Free()
		c.body = nil
		c.conn.link.Decoded(n)
	}
}

// leave ends the call's hold on the connection.
func (c *serverCall) leave() {
	if !c.left {
		c.left = true
		c.conn.link.Done()
	}
}

// Finish answers the call; see [wire.ServerStream]. If a message's own method
// ends the goroutine, it may be called again, with an error.
func (c *serverCall) Finish(message any, failed *curlew.Error) *curlew.Error {
	defer c.leave()
	c.drop()
	c.conn.end(c.header.Seq)
	method := c.In.Target.Method
	limit := cmp.Or(c.In.Target.MaxSend, c.conn.limits.MaxSend)
	if failed == nil {
		body, err := c.conn.types.outgoing(message)
		if err == nil {
			err = c.conn.answer(c.header, limit, "", body)
			var encode errEncode
			if !errors.As(err, &encode) {
				return c.lost(err)
			}
			err = encode.error
		}
		c.conn.logPanic(method, err)
		failed = curlew.Errorf(code(err, curlew.Internal), "%s: reply: %w", method.FullName(), err)
	}
	// An error has no limit of the method's: it must get through.
	if err := c.conn.answer(c.header, c.conn.limits.MaxSend, errorText(failed), noBody{}); err != nil {
		return c.lost(err)
	}
	return failed
}

// lost is the outcome of a call whose answer could not be sent.
func (c *serverCall) lost(err error) *curlew.Error {
	if err == nil {
		return nil
	}
	return curlew.Errorf(curlew.Unavailable, "%s: the answer was not sent: %w", c.In.Target.Method.FullName(), err).WithOrigin(curlew.OriginTransport)
}
