// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"net"
	"sync"
)

// Faults of real connections. Those of connections in memory are package mem's.

// piecemeal is a connection that is a net.Conn and nothing more: no writev, no
// readiness, no way to try. It writes in small pieces.
type piecemeal struct{ net.Conn }

func (c piecemeal) Write(b []byte) (int, error) {
	total := 0
	for len(b) > 0 {
		n, err := c.Conn.Write(b[:min(len(b), 1+total%97)])
		total += n
		if err != nil {
			return total, err
		}
		b = b[n:]
	}
	return total, nil
}

// piecemealListener accepts piecemeal connections.
type piecemealListener struct{ net.Listener }

func (l piecemealListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return piecemeal{conn}, nil
}

// fragileConn is a client's connection that breaks once so many bytes were
// sent, or received.
type fragileConn struct {
	net.Conn
	reset bool // break as a process that dies does, where the network can

	mu             sync.Mutex // guards the rest
	sends, receive int        // how many more; negative: any number
}

func (c *fragileConn) Write(b []byte) (int, error) {
	n := c.allow(&c.sends, len(b))
	if n == len(b) {
		return c.Conn.Write(b)
	}
	n, _ = c.Conn.Write(b[:n])
	c.snap()
	return n, net.ErrClosed
}

func (c *fragileConn) Read(b []byte) (int, error) {
	n := c.allow(&c.receive, len(b))
	if n == 0 && len(b) > 0 {
		c.snap()
		return 0, net.ErrClosed
	}
	got, err := c.Conn.Read(b[:n])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.receive >= 0 {
		c.receive += n - got
	}
	return got, err
}

// allow takes up to n from what is left.
func (c *fragileConn) allow(left *int, n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *left < 0 {
		return n
	}
	n = min(n, *left)
	*left -= n
	return n
}

func (c *fragileConn) snap() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.reset {
		tcp.SetLinger(0) //nolint:errcheck // then it closes like others
	}
	c.Conn.Close()
}

// fragile dials a connection that breaks.
func (l *line) fragile(conn *fragileConn) func(ctx context.Context, network, address string) (net.Conn, error) {
	first := true
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := l.connect(ctx, network, address)
		if err != nil || !first {
			return raw, err
		}
		first = false
		conn.Conn = raw
		return conn, nil
	}
}
