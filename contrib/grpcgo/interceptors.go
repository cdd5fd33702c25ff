// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcgo

import (
	"context"

	"google.golang.org/grpc"
)

// chainUnary makes one interceptor of several, the first outermost; nil of none.
func chainUnary(list []grpc.UnaryServerInterceptor) (chain grpc.UnaryServerInterceptor) {
	for i := len(list) - 1; i >= 0; i-- {
		switch outer, inner := list[i], chain; {
		case outer == nil:
		case inner == nil:
			chain = outer
		default:
			chain = func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				return outer(ctx, request, info, func(ctx context.Context, request any) (any, error) {
					return inner(ctx, request, info, next)
				})
			}
		}
	}
	return chain
}

// chainStream is chainUnary for streams.
func chainStream(list []grpc.StreamServerInterceptor) (chain grpc.StreamServerInterceptor) {
	for i := len(list) - 1; i >= 0; i-- {
		switch outer, inner := list[i], chain; {
		case outer == nil:
		case inner == nil:
			chain = outer
		default:
			chain = func(server any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
				return outer(server, s, info, func(server any, s grpc.ServerStream) error {
					return inner(server, s, info, next)
				})
			}
		}
	}
	return chain
}
