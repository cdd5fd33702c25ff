// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import "context"

// Handler runs a call. On the server it returns when the method's handler has
// ended. On the client it returns, for a unary call, when the reply is there,
// and for a stream when it is open.
type Handler func(ctx context.Context, call *Call) error

// Interceptor wraps what happens next in a call. The same shape serves client
// and server, all four kinds, and on the client two positions: around the call
// (once) and around each attempt (after the pick of a server, once a try). It
// is applied once, when a server, client or service is put together, and the
// handler that it returns runs for many calls at the same time.
//
//	func logged(next curlew.Handler) curlew.Handler {
//		return func(ctx context.Context, call *curlew.Call) error {
//			call.OnEnd(func(err error) { slog.Info("rpc", "method", call.Method().FullName(), "err", err) })
//			return next(ctx, call)
//		}
//	}
type Interceptor func(next Handler) Handler

// Chain returns h inside the interceptors; the first is the outermost.
func Chain(h Handler, interceptors ...Interceptor) Handler {
	for i := len(interceptors) - 1; i >= 0; i-- {
		h = interceptors[i](h)
	}
	return h
}
