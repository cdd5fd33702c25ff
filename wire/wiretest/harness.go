// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/server"
	"github.com/curlewrpc/curlew/wire"
)

// This file is the only one that knows how servers and clients are made.

// serverSide is a server on the rig's line.
type serverSide struct {
	*server.Server
	served chan error // what Serve returned
	once   sync.Once
}

// newServer serves s on the rig's line until the case ends.
func (r *rig) newServer(s *curlew.Service) *serverSide {
	r.Helper()
	opts := []server.Option{
		server.WithFramings(append([]wire.Framing{r.Framing}, r.Beside...)...),
		server.WithLimits(r.limits.server),
		server.WithLogger(slog.New(slog.DiscardHandler)),
	}
	if r.line.server != nil {
		opts = append(opts, server.WithTLS(r.line.server))
	}
	made, err := server.New(opts...)
	r.must(err, "make a server")
	r.must(made.Register(s), "register the service")
	side := &serverSide{Server: made, served: make(chan error, 1)}
	listener := r.line.listener
	r.beside.Go(func() { side.served <- made.ServeListener(context.WithoutCancel(r.ctx), listener) })
	r.atEnd(func() { side.close(r) })
	return side
}

// shutdown drains the server until ctx ends.
func (s *serverSide) shutdown(ctx context.Context) error { return s.Shutdown(ctx) }

// close ends the server at once.
func (s *serverSide) close(r *rig) {
	s.once.Do(func() {
		s.Close() //nolint:errcheck // it reports the calls that it cut
		await(r, s.served, "the end of Serve")
	})
}

// clientSide is a client of the rig's server.
type clientSide struct {
	*client.Client
	caller
}

// newClient makes a client of the rig's server until the case ends.
func (r *rig) newClient() *clientSide {
	r.Helper()
	return r.newClientOver(r.line.connect)
}

// newClientOver makes a client that connects by dial.
func (r *rig) newClientOver(dial func(ctx context.Context, network, address string) (net.Conn, error)) *clientSide {
	r.Helper()
	opts := []client.Option{
		client.WithProtocol(r.Protocol.Client),
		client.WithDialer(dial),
		client.WithLimits(r.limits.client),
	}
	if offered := r.messages.service(r.offers); len(offered.Methods()) > 0 {
		opts = append(opts, client.WithServices(offered))
	}
	if r.line.client != nil {
		opts = append(opts, client.WithTLS(r.line.client))
	}
	made, err := client.New(r.line.target, opts...)
	r.must(err, "make a client")
	side := &clientSide{Client: made, caller: caller{made, r.messages, r.codec}}
	r.clients[side] = true
	return side
}

// close closes the client, if it is still open.
func (c *clientSide) close(r *rig) {
	r.Helper()
	if r.clients[c] {
		delete(r.clients, c)
		r.must(c.Client.Close(), "close the client")
	}
}

// connect waits until the client has a connection.
func (r *rig) connect() {
	r.Helper()
	r.must(r.client.Connect(r.ctx), "connect")
}

// callByName calls a method without a description of it.
func (r *rig) callByName(name string, args, reply any) error {
	return r.client.Call(r.ctx, name, args, reply, r.options(nil)...)
}

// goCalls returns two functions for asynchronous calls that share a Done
// channel: one begins a call and returns the message that the reply will be
// in, the other returns that of a call which has ended, and its error.
func (r *rig) goCalls(n int) (begin func(in string) (reply any), done func() (reply any, err error)) {
	shared := make(chan *client.Pending, n)
	name := r.messages.method(curlew.KindUnary).FullName()
	begin = func(in string) any {
		reply := r.messages.empty()
		r.client.Go(r.ctx, name, r.messages.write(in), reply, shared, r.options(nil)...)
		return reply
	}
	done = func() (any, error) {
		p := await(r, shared, "an asynchronous call")
		return p.Reply, p.Error
	}
	return begin, done
}
