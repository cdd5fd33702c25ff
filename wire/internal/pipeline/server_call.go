// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// ServerCall is the part of a [wire.ServerStream] that is the same for all
// protocols of this kind: a unary call to which nothing is said before its
// reply. A protocol embeds it and adds Receive and Finish.
type ServerCall struct {
	In wire.Incoming
}

// Send fails: the one reply is sent by Finish.
func (c *ServerCall) Send(context.Context, any) error {
	return curlew.Errorf(curlew.Internal, "%s: a unary call has one reply, which is what its handler returns", c.In.Target.Method.FullName())
}

// SendHeader does nothing: there is no header on the wire.
func (c *ServerCall) SendHeader(context.Context) error { return nil }

// CloseSend does nothing; see [curlew.Stream].
func (c *ServerCall) CloseSend() error { return nil }

// Close does nothing: the call ends with its handler.
func (c *ServerCall) Close() error { return nil }

// Header returns the request's header, which is empty.
func (c *ServerCall) Header(context.Context) (*curlew.Header, error) { return &c.In.Header, nil }

// Trailer returns the request's trailer, which is empty.
func (c *ServerCall) Trailer() *curlew.Header { return new(curlew.Header) }

// Unary says why a method cannot be called by the named protocol; nil if it can.
func Unary(m *curlew.Method, protocol string) *curlew.Error {
	if m.Kind() == curlew.KindUnary {
		return nil
	}
	return curlew.Errorf(curlew.Unimplemented, "%s is a %s method: the %s protocol carries unary calls only", m.FullName(), m.Kind(), protocol)
}
