// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"errors"
	"os"
	"time"
)

// A goroutine that has handled calls has a stack that has grown for them, and
// that hardly shrinks again. So the read loop of a connection that is quiet
// dozes: it waits for the next byte on a new goroutine, with the smallest stack
// that there is, and keeps nothing that is made again in no time. To be told so
// it is interrupted by a deadline that has passed.

// quietTime is how long a connection without exchanges is quiet before it dozes:
// so long that a hand-over for each of its exchanges costs next to nothing.
const quietTime = 250 * time.Millisecond

// settleDown interrupts the read loop. mu is held: it keeps the deadline and
// what it is for together.
func (c *conn) settleDown() {
	if c.inHurry {
		return
	}
	c.settling = c.raw.SetReadDeadline(time.Unix(1, 0)) == nil
}

// interrupted reports whether err, of a read, is settleDown's doing; then the
// next read waits as usual.
func (c *conn) interrupted(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.settling {
		return false
	}
	c.settling = false
	return c.raw.SetReadDeadline(time.Time{}) == nil
}

// doze leaves the read loop to a new goroutine, which whoever serves or closes
// the connection waits for. If there is half a frame, the loop goes on.
func (c *conn) doze() error {
	if len(c.in.Rest()) > 0 {
		return nil
	}
	c.in.Doze()
	c.endTurns()
	c.block.forget()
	c.mu.Lock()
	c.streams.Shrink()
	c.wakes.Shrink()
	c.ours = recent{}
	c.mu.Unlock()
	go c.slumber()
	return errTakenOver
}

// slumber goes on with the read loop once there is something to read.
func (c *conn) slumber() {
	first := make([]byte, 8)
	n, err := c.raw.Read(first)
	for n == 0 && (err == nil || c.interrupted(err)) {
		n, err = c.raw.Read(first)
	}
	if n == 0 {
		c.conclude(err)
		return
	}
	c.received.Add(int64(n))
	c.in.Begin(first[:n])
	c.lead()
}
