// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"google.golang.org/protobuf/proto"

	"github.com/curlewrpc/curlew/bench/echopb"
	"github.com/curlewrpc/curlew/bench/rival"
)

// A caller is a client of Kitex. It takes its connections in turn, whatever
// number a call is given.
type caller struct {
	client client.Client
}

// dial makes calls one after the other until every connection is there: Kitex
// makes one when it is its turn, and too many if calls come together before.
func dial(ctx context.Context, conns int, info *serviceinfo.ServiceInfo, options []client.Option) (rival.Client, error) {
	kitex, err := client.NewClient(info, options...)
	if err != nil {
		return nil, err
	}
	c := &caller{client: kitex}
	for range 2 * conns {
		if _, err := c.Echo(ctx, 0, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

func (c *caller) Echo(ctx context.Context, _ int, payload []byte) ([]byte, error) {
	var request args
	var reply result
	request.message = &echopb.Message{Payload: payload}
	if err := c.client.Call(ctx, echoMethod, &request, &reply); err != nil {
		return nil, err
	}
	return reply.message.GetPayload(), nil
}

func (c *caller) Stream(ctx context.Context, _ int, payload []byte, count int, received func([]byte) error) (err error) {
	streams, ok := c.client.(client.Streaming)
	if !ok {
		return errors.New("this client has no streams")
	}
	var opened streaming.Result
	if err := streams.Stream(ctx, streamMethod, nil, &opened); err != nil {
		return err
	}
	stream := opened.Stream
	defer func() {
		if err != nil {
			streaming.FinishStream(stream, err)
		}
	}()
	if err := stream.SendMsg(&echopb.Message{Payload: payload, Count: proto.Uint32(uint32(count))}); err != nil {
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	for {
		m := new(echopb.Message)
		if err := stream.RecvMsg(m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := received(m.GetPayload()); err != nil {
			return err
		}
	}
}

func (c *caller) Close() error {
	if c, ok := c.client.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
