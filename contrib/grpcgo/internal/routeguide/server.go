// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package routeguide

import (
	"context"
	"net"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/examples/route_guide/routeguide"

	"github.com/curlewrpc/curlew/contrib/grpcgo"
	"github.com/curlewrpc/curlew/server"
)

// ServeBefore serves by grpc-go.
func ServeBefore(lis net.Listener, guide pb.RouteGuideServer) error {
	// [server-before]
	s := grpc.NewServer()
	pb.RegisterRouteGuideServer(s, guide)
	return s.Serve(lis)
	// [/server-before]
}

// ServeAfter serves the same by Curlew.
func ServeAfter(ctx context.Context, lis net.Listener, guide pb.RouteGuideServer) error {
	// [server-after]
	registrar := grpcgo.NewRegistrar()
	pb.RegisterRouteGuideServer(registrar, guide)
	services, err := registrar.Services()
	if err != nil {
		return err
	}
	s, err := server.New()
	if err != nil {
		return err
	}
	if err := s.Register(services...); err != nil {
		return err
	}
	return s.ServeListener(ctx, lis) // or s.ListenAndServe(ctx, ":50051")
	// [/server-after]
}
