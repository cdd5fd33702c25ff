// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

func methods() (read, write, stream *curlew.Method) {
	return curlew.NewMethod("Shop/Look", curlew.KindUnary, curlew.NoSideEffects),
		curlew.NewMethod("Shop/Buy", curlew.KindUnary),
		curlew.NewMethod("Shop/Watch", curlew.KindServerStream, curlew.Idempotent)
}

// clientCall returns a call as a client begins it, with a reply to fill.
func clientCall(ctx context.Context, m *curlew.Method, opts ...curlew.CallOption) (*curlew.Call, *string) {
	call, reply := new(curlew.Call), new(string)
	call.BeginClient(ctx, m, curlew.NewCallOptions(opts...), "request", reply)
	return call, reply
}

// serverCall returns a call as a server begins it.
func serverCall(ctx context.Context, m *curlew.Method, h curlew.Header) *curlew.Call {
	call := new(curlew.Call)
	call.BeginServer(ctx, m, &h, nil, &fakeStream{})
	call.SetRequest("request")
	return call
}

// fakeStream is a stream whose one message is a text.
type fakeStream struct {
	text   string
	closed bool
}

func (*fakeStream) Send(context.Context, any) error { return nil }
func (s *fakeStream) Receive(_ context.Context, m any) error {
	if s.closed {
		return io.ErrClosedPipe
	}
	*m.(*string) = s.text
	return nil
}
func (*fakeStream) CloseSend() error { return nil }
func (s *fakeStream) Close() error   { s.closed = true; return nil }
func (*fakeStream) Header(context.Context) (*curlew.Header, error) {
	return new(curlew.Header), nil
}
func (*fakeStream) Trailer() *curlew.Header { return new(curlew.Header) }

// answers is a handler that takes a while and answers a client's call.
func answers(text string, after time.Duration) curlew.Handler {
	return func(ctx context.Context, call *curlew.Call) error {
		if !pass(ctx, after) {
			return curlew.ErrorOf(ctx.Err())
		}
		call.SetStream(&fakeStream{text: text})
		return nil
	}
}

func pass(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func unavailable() *curlew.Error {
	return curlew.NewError(curlew.Unavailable, "down").WithOrigin(curlew.OriginTransport)
}
