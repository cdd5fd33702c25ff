// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package routeguide

import (
	"context"
	"log"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/examples/route_guide/routeguide"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
)

// LoggedServices returns the service inside an interceptor for grpc-go.
func LoggedServices(guide pb.RouteGuideServer) ([]*curlew.Service, error) {
	// [server-interceptors]
	registrar := grpcgo.NewRegistrar(grpcgo.WithUnaryServerInterceptors(logServed))
	// [/server-interceptors]
	pb.RegisterRouteGuideServer(registrar, guide)
	return registrar.Services()
}

// LoggedConn returns a connection with an interceptor for grpc-go.
func LoggedConn(c curlew.Caller) (*grpc.ClientConn, error) {
	// [client-interceptors]
	conn, err := grpcgo.NewConn(c).ClientConn(grpcgo.WithUnaryClientInterceptors(logCalled))
	// [/client-interceptors]
	return conn, err
}

// logServed is a grpc.UnaryServerInterceptor.
func logServed(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	begun := time.Now()
	reply, err := next(ctx, request)
	log.Printf("served %s in %v: %v", info.FullMethod, time.Since(begun), err)
	return reply, err
}

// logCalled is a grpc.UnaryClientInterceptor.
func logCalled(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	begun := time.Now()
	err := next(ctx, method, request, reply, cc, opts...)
	log.Printf("called %s in %v: %v", method, time.Since(begun), err)
	return err
}
