// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"context"
	"log/slog"
	"time"

	"github.com/curlewrpc/curlew"
)

// [interceptors]

// Logged writes a line when a call has ended. It fits clients and servers, and
// all four kinds of calls.
func Logged(log *slog.Logger) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			begin := time.Now()
			call.OnEnd(func(err error) {
				log.InfoContext(ctx, "rpc", "method", call.Method().FullName(), "peer", call.Peer().String(),
					"code", curlew.CodeOf(err).String(), "took", time.Since(begin))
			})
			return next(ctx, call)
		}
	}
}

// RequireToken lets calls through that bring the token, but for methods that
// anybody may call. The request of a call that it refuses is not even decoded.
func RequireToken(token string, open ...string) curlew.Interceptor {
	free := make(map[string]bool)
	for _, method := range open {
		free[method] = true
	}
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			if !free[call.Method().FullName()] && call.Header().Get("authorization") != "Bearer "+token {
				return curlew.NewError(curlew.Unauthenticated, "send a header authorization with your token")
			}
			return next(ctx, call)
		}
	}
}

// WithToken sends the token with each call of a client.
func WithToken(token string) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			call.Header().Set("authorization", "Bearer "+token)
			return next(ctx, call)
		}
	}
}

// [/interceptors]
