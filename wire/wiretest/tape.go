// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"net"
	"sync"
)

// tape records what a client's connections carry.
type tape struct {
	line *line

	mu             sync.Mutex // guards the rest
	sent, received []byte
}

// dial connects to the tape's line.
func (t *tape) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.line.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &taped{conn, t}, nil
}

// taped is a connection that is recorded.
type taped struct {
	net.Conn
	tape *tape
}

func (c *taped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tape.mu.Lock()
	defer c.tape.mu.Unlock()
	c.tape.received = append(c.tape.received, b[:n]...)
	return n, err
}

func (c *taped) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.tape.mu.Lock()
	defer c.tape.mu.Unlock()
	c.tape.sent = append(c.tape.sent, b[:n]...)
	return n, err
}
