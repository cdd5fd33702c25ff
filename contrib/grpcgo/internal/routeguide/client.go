// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package routeguide

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/examples/route_guide/routeguide"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/contrib/grpcgo"
	wiregrpc "github.com/curlewrpc/curlew/wire/grpc"
	"github.com/curlewrpc/curlew/wire/h2"
)

// CallBefore has use call the server at addr by grpc-go.
func CallBefore(addr string, use func(pb.RouteGuideClient) error) error {
	// [client-before]
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	guide := pb.NewRouteGuideClient(conn)
	// [/client-before]
	return use(guide)
}

// CallAfter has use call the server at addr by Curlew.
func CallAfter(addr string, use func(pb.RouteGuideClient) error) error {
	// [client-after]
	c, err := client.New(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	guide := pb.NewRouteGuideClient(grpcgo.NewConn(c))
	// [/client-after]
	return use(guide)
}

// CallGRPC is CallAfter over gRPC, which servers speak that have not moved.
func CallGRPC(addr string, use func(pb.RouteGuideClient) error) error {
	// [client-grpc]
	c, err := client.New(addr, client.WithProtocol(wiregrpc.NewClient(h2.Dial, proto.New())))
	// [/client-grpc]
	if err != nil {
		return err
	}
	defer c.Close()
	return use(pb.NewRouteGuideClient(grpcgo.NewConn(c)))
}
