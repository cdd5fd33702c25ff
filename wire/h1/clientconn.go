// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"crypto/tls"
	"net"
	"sync"

	"github.com/curlewrpc/curlew"
)

// clientConn is a connection of a client's pool. net/http has goroutines of its
// own for it, which end when it is closed; ended tells when they have left it.
type clientConn struct {
	net.Conn
	peer  *curlew.Peer
	ended func() // called once

	mu     sync.Mutex
	busy   int // reads and writes under way
	closed bool
	over   bool
}

func newClientConn(conn net.Conn, ended func()) *clientConn {
	peer := &curlew.Peer{Addr: conn.RemoteAddr(), LocalAddr: conn.LocalAddr(), Protocol: protocolName}
	if secure, ok := conn.(*tls.Conn); ok {
		state := secure.ConnectionState()
		peer.TLS = &state
	}
	return &clientConn{Conn: conn, peer: peer, ended: ended}
}

func (c *clientConn) Read(p []byte) (int, error) {
	if !c.enter() {
		return 0, net.ErrClosed
	}
	defer c.leave()
	return c.Conn.Read(p)
}

func (c *clientConn) Write(p []byte) (int, error) {
	if !c.enter() {
		return 0, net.ErrClosed
	}
	defer c.leave()
	return c.Conn.Write(p)
}

func (c *clientConn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.endIfOver()
	return err
}

func (c *clientConn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.busy++
	return true
}

func (c *clientConn) leave() {
	c.mu.Lock()
	c.busy--
	c.mu.Unlock()
	c.endIfOver()
}

func (c *clientConn) endIfOver() {
	c.mu.Lock()
	over := c.closed && c.busy == 0 && !c.over
	c.over = c.over || over
	c.mu.Unlock()
	if over {
		c.ended()
	}
}
