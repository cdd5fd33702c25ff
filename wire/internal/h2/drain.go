// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// drainState says how far a drain of this side's is (RFC 9113, section 6.8).
type drainState uint8

const (
	drainNot       drainState = iota
	drainAnnounced            // requests that have crossed with that are served
	drainFinal                // no more are
)

// drain tells the client to open no more streams, and after a round trip, when
// all that it has opened before has come, which ones are served.
func (c *conn) drain() {
	c.mu.Lock()
	if c.drained != drainNot || c.err != nil {
		c.mu.Unlock()
		return
	}
	c.drained = drainAnnounced
	// A client that does not answer is not waited for.
	c.farewell = time.AfterFunc(closeTimeout, c.drainOn)
	c.mu.Unlock()
	c.control(coalesce.Now, func(b []byte) []byte {
		return appendPing(appendGoAway(b, maxStreamID, codeNo, "shutting down"), 0, drainToken)
	})
}

// drainOn says which requests are served, and ends the connection when they are.
func (c *conn) drainOn() {
	if err := c.writer.LockControl(); err != nil {
		return
	}
	c.mu.Lock()
	if c.drained == drainAnnounced && c.err == nil {
		c.drained, c.final = drainFinal, c.lastID
		c.farewell.Stop()
		c.farewell = nil
		b := c.writer.Buffer()
		b.B = appendGoAway(b.B, c.final, codeNo, "shutting down")
		c.farewellIfQuiet()
	}
	c.mu.Unlock()
	c.writer.Unlock(coalesce.Now)
}

// farewellIfQuiet ends a connection that has been drained and has no streams.
// The client is given a moment to do so first. mu is held.
func (c *conn) farewellIfQuiet() {
	if c.drained == drainFinal && c.farewell == nil && c.open == 0 && c.err == nil {
		c.farewell = time.AfterFunc(closeTimeout, c.sayFarewell)
	}
}

// sayFarewell ends the connection, unless a request has come that was half there.
func (c *conn) sayFarewell() {
	c.mu.Lock()
	busy := c.open > 0
	if busy {
		c.farewell = nil // its end begins anew
	}
	c.mu.Unlock()
	if !busy {
		c.fail(curlew.Errorf(curlew.Unavailable, "connection to %s: closed after draining", c.peer).
			WithOrigin(curlew.OriginTransport).WithCause(errGone))
	}
}

// freePlace gives up the place of a stream. mu is held.
func (c *conn) freePlace() {
	if !c.accepted && !c.goingAway && c.open <= c.maxOpen() && c.slots.Wake(true) {
		return
	}
	c.open--
	c.farewellIfQuiet()
}
