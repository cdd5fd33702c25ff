// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"

	"github.com/curlewrpc/curlew/bench/rival"
)

// Frameworks returns net/rpc with both of its codecs.
func Frameworks() []rival.Framework {
	return []rival.Framework{
		framework("netrpc-gob", "net/rpc with gob, a struct with a byte slice, no settings",
			(*rpc.Server).ServeConn, rpc.NewClient),
		framework("netrpc-json", "net/rpc with JSON, a struct with a byte slice (base64), no settings",
			func(s *rpc.Server, c io.ReadWriteCloser) { s.ServeCodec(jsonrpc.NewServerCodec(c)) }, jsonrpc.NewClient),
	}
}

func framework(name, about string,
	serveConn func(*rpc.Server, io.ReadWriteCloser), newClient func(io.ReadWriteCloser) *rpc.Client,
) rival.Framework {
	return rival.Framework{
		Name:  name,
		About: about,
		Serve: func(ln net.Listener) error {
			server := rpc.NewServer()
			if err := server.RegisterName("Bench", service{}); err != nil {
				return err
			}
			for { // Server.Accept would log when the listener is closed
				conn, err := ln.Accept()
				if err != nil {
					return err
				}
				go serveConn(server, conn)
			}
		},
		Dial: func(ctx context.Context, addr string, conns int) (rival.Client, error) {
			c := &client{}
			for range conns {
				conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
				if err != nil {
					return nil, errors.Join(err, c.Close())
				}
				c.conns = append(c.conns, newClient(conn))
			}
			return c, nil
		},
	}
}

// Message is a request and its reply. It is exported because net/rpc asks so.
type Message struct {
	Payload []byte
}

type service struct{}

func (service) Echo(request, reply *Message) error {
	reply.Payload = request.Payload
	return nil
}

type client struct {
	conns []*rpc.Client
}

func (c *client) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reply := new(Message)
	call := c.conns[conn].Go("Bench.Echo", &Message{Payload: payload}, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return reply.Payload, call.Error
	case <-ctx.Done(): // the reply may still come, into a message that nobody reads
		return nil, ctx.Err()
	}
}

func (c *client) Stream(context.Context, int, []byte, int, func([]byte) error) error {
	return errors.New("net/rpc has no streams")
}

func (c *client) Close() error {
	var errs []error
	for _, conn := range c.conns {
		// ErrShutdown: the server was first.
		if err := conn.Close(); !errors.Is(err, rpc.ErrShutdown) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
