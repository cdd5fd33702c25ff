// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h1

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// stallTime is how long a client may take nothing of a response.
const stallTime = 30 * time.Second

// stallPiece is how much is written at once: over TLS a write that has timed out
// cannot be gone on with, whatever the client has taken of it.
const stallPiece = 16 << 10

// stall ends writes of which the client takes nothing, unless whoever has the
// connection limits them otherwise.
type stall struct {
	mu    sync.Mutex // held while a deadline is set
	limit time.Time  // set by others; zero: none
}

// Write writes p as the client takes it.
func (c *netConn) Write(p []byte) (int, error) {
	written := 0
	for {
		bounded, err := c.armStall()
		if err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:min(len(p), written+stallPiece)])
		written += n
		switch {
		case err == nil && written == len(p):
			return written, nil
		case err == nil, n > 0 && errors.Is(err, os.ErrDeadlineExceeded) && bounded:
		case errors.Is(err, os.ErrDeadlineExceeded) && bounded:
			return written, fmt.Errorf("the client has taken nothing of the response for %v: %w", stallTime, err)
		default:
			return written, err
		}
	}
}

// armStall bounds the time of the next write. It reports false if others have.
func (c *netConn) armStall() (bool, error) {
	c.stall.mu.Lock()
	defer c.stall.mu.Unlock()
	if !c.stall.limit.IsZero() {
		return false, nil
	}
	return true, c.Conn.SetWriteDeadline(time.Now().Add(stallTime))
}

// SetWriteDeadline limits writes instead of stall, until it is set to zero.
func (c *netConn) SetWriteDeadline(t time.Time) error {
	c.stall.mu.Lock()
	defer c.stall.mu.Unlock()
	c.stall.limit = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *netConn) SetDeadline(t time.Time) error {
	return errors.Join(c.Conn.SetReadDeadline(t), c.SetWriteDeadline(t))
}
