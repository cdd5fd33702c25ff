// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"context"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// client is a [wire.HTTPTransport]: a pool of connections to one server, one
// exchange at a time on each.
type client struct {
	remote *wire.Remote
	most   int // connections
	pool   *http.Transport
	away   chan struct{}               // closed by retire
	peer   atomic.Pointer[curlew.Peer] // at the other end of the newest connection

	running sync.WaitGroup // connections, and exchanges whose requests are streams

	mu        sync.Mutex  // guards the rest; never held over I/O
	first     *clientConn // what Dial made, for the first exchange
	firstMade time.Time
	exchanges map[*clientExchange]struct{}
	closed    *curlew.Error
}

var _ wire.HTTPTransport = (*client)(nil)

// Dial connects to a server. Further connections are made as exchanges need
// them, at most as many as the limit on streams allows; none if r is Exclusive.
func Dial(ctx context.Context, r *wire.Remote) (wire.HTTPTransport, error) {
	limits := r.Limits.WithDefaults()
	c := &client{
		remote:    r,
		most:      limits.MaxStreams,
		away:      make(chan struct{}),
		exchanges: make(map[*clientExchange]struct{}),
	}
	if r.Exclusive {
		c.most = 1
	}
	c.pool = &http.Transport{
		DialContext:            c.connect, // does TLS as well; the pool takes connections as they are
		DisableCompression:     true,
		MaxConnsPerHost:        c.most,
		MaxIdleConnsPerHost:    c.most,
		IdleConnTimeout:        idleTimeout / 2,
		MaxResponseHeaderBytes: int64(headerBytes(limits)) + 4<<10,
		Protocols:              new(http.Protocols),
	}
	c.pool.Protocols.SetHTTP1(true)
	var err error
	if c.first, err = c.dial(ctx); err != nil {
		return nil, err
	}
	c.firstMade = time.Now()
	return c, nil
}

// firstFor is how long the connection that Dial made is good for: servers drop
// those who say nothing.
const firstFor = 2 * time.Second

// connect returns a connection for the pool.
func (c *client) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	c.mu.Lock()
	first, made := c.first, c.firstMade
	c.first = nil
	c.mu.Unlock()
	if first != nil {
		if time.Since(made) < firstFor {
			return first, nil
		}
		first.Close()
	}
	conn, err := c.dial(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.retire(curlew.ErrorOf(err))
		}
		return nil, err
	}
	return conn, nil
}

// dial makes a connection and counts it in.
func (c *client) dial(ctx context.Context) (*clientConn, error) {
	raw, err := c.remote.DialConn(ctx, protocolName)
	if err != nil {
		return nil, err
	}
	conn := newClientConn(raw, c.running.Done)
	c.mu.Lock()
	closed := c.closed
	if closed == nil {
		c.running.Add(1)
	}
	c.mu.Unlock()
	if closed != nil {
		raw.Close()
		return nil, closed.WithProgress(curlew.NotSent)
	}
	c.peer.Store(conn.peer)
	return conn, nil
}

// retire takes no more exchanges; those in progress go on.
func (c *client) retire(err *curlew.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == nil {
		c.closed = err
		close(c.away)
	}
}

// Capacity implements [wire.HTTPTransport].
func (c *client) Capacity() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed != nil {
		return 0
	}
	return max(0, c.most-len(c.exchanges))
}

// Draining implements [wire.HTTPTransport]. A server that goes away closes its
// connections after their exchanges; whether there is another finds out who
// needs the next connection.
func (c *client) Draining() <-chan struct{} { return c.away }

// Close implements [wire.HTTPTransport].
func (c *client) Close(cause error) error {
	err := curlew.NewError(curlew.Canceled, "the connection was closed on this side").WithOrigin(curlew.OriginLocal)
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	c.retire(err)
	c.mu.Lock()
	first, exchanges := c.first, maps.Clone(c.exchanges)
	c.first = nil
	c.mu.Unlock()
	if first != nil {
		first.Close()
	}
	for x := range exchanges {
		x.abandon(err)
	}
	c.pool.CloseIdleConnections() // and those that become idle later
	c.running.Wait()
	return nil
}

// add counts an exchange in; the error says that there are no more.
func (c *client) add(x *clientExchange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed != nil {
		return c.closed.WithProgress(curlew.NotSent)
	}
	c.exchanges[x] = struct{}{}
	if x.pipe != nil {
		c.running.Add(1)
	}
	return nil
}

// remove counts an exchange out.
func (c *client) remove(x *clientExchange) {
	c.mu.Lock()
	delete(c.exchanges, x)
	c.mu.Unlock()
}
