// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package drpc

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/protobuf/proto"
	"storj.io/drpc"
	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmanager"
	"storj.io/drpc/drpcmux"
	"storj.io/drpc/drpcserver"
	"storj.io/drpc/drpcstream"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

const (
	echoMethod   = "/curlew.bench.v1.Bench/Echo"
	streamMethod = "/curlew.bench.v1.Bench/Stream"
)

// Frameworks returns drpc.
func Frameworks() []rival.Framework {
	return []rival.Framework{{
		Name:                "drpc",
		About:               "storj.io/drpc v1, protobuf-go, a connection per caller, manual flush, write buffers of 64 KiB, soft cancel",
		ConnectionPerCaller: true,
		Streams:             true,
		Serve:               serve,
		Dial:                dial,
	}}
}

// options are for both sides. The largest message that is read is 4 MiB by
// default, which suffices.
func options() drpcmanager.Options {
	return drpcmanager.Options{
		// 4 KiB by default, which a stream of small messages fills too often.
		WriterBufferSize: 64 << 10,
		// A reply and the end of its call leave in one write rather than two,
		// and a stream's messages leave when the buffer is full.
		Stream: drpcstream.Options{ManualFlush: true},
		// A call that is given up does not cost its connection.
		SoftCancel: true,
	}
}

func serve(ln net.Listener) error {
	mux := drpcmux.New()
	if err := mux.Register(service{}, description{}); err != nil {
		return err
	}
	return drpcserver.NewWithOptions(mux, drpcserver.Options{Manager: options()}).Serve(context.Background(), ln)
}

type service struct{}

func (service) Echo(_ context.Context, request *echopb.Message) (*echopb.Message, error) {
	return &echopb.Message{Payload: request.GetPayload()}, nil
}

func (service) Stream(request *echopb.Message, stream drpc.Stream) error {
	for range request.GetCount() {
		m := &echopb.Message{Payload: request.GetPayload()}
		if err := stream.MsgSend(m, encoding{}); err != nil {
			return err
		}
	}
	return nil
}

// description is what drpc's generator writes about service.
type description struct{}

func (description) NumMethods() int { return 2 }

func (description) Method(n int) (string, drpc.Encoding, drpc.Receiver, any, bool) {
	switch n {
	case 0:
		return echoMethod, encoding{}, func(srv any, ctx context.Context, in1, _ any) (drpc.Message, error) {
			return srv.(service).Echo(ctx, in1.(*echopb.Message))
		}, service.Echo, true
	case 1:
		return streamMethod, encoding{}, func(srv any, _ context.Context, in1, in2 any) (drpc.Message, error) {
			return nil, srv.(service).Stream(in1.(*echopb.Message), in2.(drpc.Stream))
		}, service.Stream, true
	default:
		return "", nil, nil, nil, false
	}
}

type client struct {
	conns []*drpcconn.Conn
}

func dial(ctx context.Context, addr string, conns int) (rival.Client, error) {
	c := &client{}
	for range conns {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.conns = append(c.conns, drpcconn.NewWithOptions(conn, drpcconn.Options{Manager: options()}))
	}
	return c, nil
}

func (c *client) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	request, reply := &echopb.Message{Payload: payload}, new(echopb.Message)
	if err := c.conns[conn].Invoke(ctx, echoMethod, encoding{}, request, reply); err != nil {
		return nil, err
	}
	return reply.GetPayload(), nil
}

func (c *client) Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) (err error) {
	stream, err := c.conns[conn].NewStream(ctx, streamMethod, encoding{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	request := &echopb.Message{Payload: payload, Count: proto.Uint32(uint32(count))}
	if err := stream.MsgSend(request, encoding{}); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		m := new(echopb.Message)
		if err := stream.MsgRecv(m, encoding{}); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := received(m.GetPayload()); err != nil {
			return err
		}
	}
}

func (c *client) Close() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}
