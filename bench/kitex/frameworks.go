// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
	"github.com/cloudwego/netpoll"

	"github.com/curlewrpc/curlew/bench/rival"
)

// window is how much of a message gRPC sends before it waits for the receiver,
// 64 KiB by default.
const window = 4 << 20

// frameworks returns Kitex with the two transports that share a connection among
// calls. Deadlines are those of the calls' contexts.
func frameworks() []rival.Framework {
	quiet := sync.OnceFunc(func() {
		klog.SetLevel(klog.LevelFatal)
		klog.SetOutput(io.Discard)
		netpoll.SetLoggerOutput(io.Discard)
	})
	return []rival.Framework{
		framework("kitex", "Kitex v0.15.0, Kitex-Protobuf in TTHeader, multiplexed connections, protobuf-go",
			quiet, false,
			[]server.Option{server.WithMuxTransport()},
			func(conns int) []client.Option {
				return []client.Option{client.WithMuxConnection(conns)}
			}),
		framework("kitex-grpc", "Kitex v0.15.0, its gRPC transport, windows of 4 MiB, protobuf-go",
			quiet, true,
			[]server.Option{
				server.WithGRPCInitialWindowSize(window),
				server.WithGRPCInitialConnWindowSize(4 * window),
			},
			func(conns int) []client.Option {
				return []client.Option{
					client.WithTransportProtocol(transport.GRPC),
					client.WithGRPCConnPoolSize(uint32(conns)),
					client.WithGRPCInitialWindowSize(window),
					client.WithGRPCInitialConnWindowSize(4 * window),
				}
			}),
	}
}

func framework(name, about string, quiet func(), streams bool,
	serverOptions []server.Option, clientOptions func(conns int) []client.Option,
) rival.Framework {
	return rival.Framework{
		Name:    name,
		About:   about,
		Streams: streams,
		Serve: func(ln net.Listener) error {
			quiet()
			s := server.NewServer(append(serverOptions,
				server.WithListener(ln),
				// Kitex would end the server at the signals of the process.
				server.WithExitSignal(func() <-chan error { return nil }),
			)...)
			if err := s.RegisterService(serviceInfo(streams), new(bench)); err != nil {
				return err
			}
			return s.Run()
		},
		Dial: func(ctx context.Context, addr string, conns int) (rival.Client, error) {
			quiet()
			return dial(ctx, conns, serviceInfo(streams), append(clientOptions(conns),
				client.WithDestService(serviceName),
				client.WithHostPorts(addr),
				client.WithConnectTimeout(time.Second), // 50 ms by default
			))
		},
	}
}
