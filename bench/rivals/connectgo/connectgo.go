// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package connectgo

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

const (
	echoMethod   = "/curlew.bench.v1.Bench/Echo"
	streamMethod = "/curlew.bench.v1.Bench/Stream"
)

// Frameworks returns connect-go with the two protocols that serve a backend.
func Frameworks() []rival.Framework {
	const about = " over HTTP/2 of net/http without TLS, one http.Transport a connection, no compression, frames of 1 MiB, receive buffers of 4 MiB"
	return []rival.Framework{
		framework("connect-grpc", "connect-go, gRPC protocol"+about, connect.WithGRPC()),
		framework("connect", "connect-go, Connect protocol"+about),
	}
}

func framework(name, about string, protocol ...connect.ClientOption) rival.Framework {
	return rival.Framework{
		Name:    name,
		About:   about,
		Streams: true,
		Serve:   serve,
		Dial: func(ctx context.Context, addr string, conns int) (rival.Client, error) {
			return dial(ctx, addr, conns, protocol)
		},
	}
}

// maxRead is the largest message, with room for what protobuf adds.
const maxRead = rival.MaxMessage + 1<<10

// maxFrame is how large an HTTP/2 frame may be: a server's default, whereas a
// client's is 16 KiB, of which every one costs a write.
const maxFrame = 1 << 20

func serve(ln net.Listener) error {
	options := []connect.HandlerOption{
		connect.WithReadMaxBytes(maxRead),
		connect.WithCompression("gzip", nil, nil), // or every reply would be compressed
	}
	mux := http.NewServeMux()
	mux.Handle(echoMethod, connect.NewUnaryHandlerSimple(echoMethod, echo, options...))
	mux.Handle(streamMethod, connect.NewServerStreamHandlerSimple(streamMethod, stream, options...))
	server := &http.Server{
		Handler:   mux,
		Protocols: http2Only(),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 1000, // 250 by default
			MaxReadFrameSize:     maxFrame,
			// The most that there may be, 1 MiB by default: large messages do
			// not wait for window updates.
			MaxReceiveBufferPerConnection: 4<<20 - 1,
			MaxReceiveBufferPerStream:     4<<20 - 1,
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return server.Serve(ln)
}

func http2Only() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

func echo(_ context.Context, request *echopb.Message) (*echopb.Message, error) {
	return &echopb.Message{Payload: request.GetPayload()}, nil
}

func stream(_ context.Context, request *echopb.Message, stream *connect.ServerStream[echopb.Message]) error {
	for range request.GetCount() {
		m := &echopb.Message{Payload: request.GetPayload()}
		if err := stream.Send(m); err != nil {
			return err
		}
	}
	return nil
}

type client struct {
	conns []conn
}

// conn is one connection: a transport that keeps to one, and the clients of it.
type conn struct {
	transport    *http.Transport
	echo, stream *connect.Client[echopb.Message, echopb.Message]
}

// dial makes one call on each connection, since calls that come together before
// there is a connection would make several.
func dial(ctx context.Context, addr string, conns int, protocol []connect.ClientOption) (rival.Client, error) {
	options := append([]connect.ClientOption{
		connect.WithReadMaxBytes(maxRead),
		connect.WithAcceptCompression("gzip", nil, nil), // which is asked for by default
	}, protocol...)
	c := &client{}
	for i := range conns {
		transport := &http.Transport{
			Protocols:          http2Only(),
			DisableCompression: true,
			MaxConnsPerHost:    1, // the first call may be over before its connection is there for others
			HTTP2: &http.HTTP2Config{
				StrictMaxConcurrentRequests: true, // never a second connection
				MaxReadFrameSize:            maxFrame,
			},
		}
		http := &http.Client{Transport: transport}
		c.conns = append(c.conns, conn{
			transport: transport,
			echo:      connect.NewClient[echopb.Message, echopb.Message](http, "http://"+addr+echoMethod, options...),
			stream:    connect.NewClient[echopb.Message, echopb.Message](http, "http://"+addr+streamMethod, options...),
		})
		if _, err := c.Echo(ctx, i, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

func (c *client) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	reply, err := c.conns[conn].echo.CallUnary(ctx, connect.NewRequest(&echopb.Message{Payload: payload}))
	if err != nil {
		return nil, err
	}
	return reply.Msg.GetPayload(), nil
}

func (c *client) Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) (err error) {
	request := &echopb.Message{Payload: payload, Count: proto.Uint32(uint32(count))}
	stream, err := c.conns[conn].stream.CallServerStream(ctx, connect.NewRequest(request))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for stream.Receive() {
		if err := received(stream.Msg().GetPayload()); err != nil {
			return err
		}
	}
	return stream.Err()
}

func (c *client) Close() error {
	for _, conn := range c.conns {
		conn.transport.CloseIdleConnections()
	}
	return nil
}
