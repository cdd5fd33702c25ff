// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// A peer is thought dead if it sends nothing for the liveness time after a PING,
// while streams are open. The system watches, too, where it can: see prober. In a
// connection without streams, and quiet for a moment, no timer runs.
//
// Servers end connections of clients that send more PINGs than they like:
// grpc-go's takes two between frames with heads or data, and after them one in
// five minutes.

// ticks divide the liveness time: a PING is sent after one idle tick, and the
// connection is given up ticks-2 of them later.
const ticks = 4

const (
	maxPings = 2
	rarePing = 5*time.Minute + time.Second
)

// liveness decides at each tick; its owner counts received bytes and runs the
// timer, guarded by the connection's mu.
type liveness struct {
	every    time.Duration
	tick     func()      // runs at each tick
	timer    *time.Timer // nil if not armed
	received int64       // at the last tick
	idle     int         // ticks without a byte
	pings    int         // since the last frame with a head or data
	pinged   time.Time   // the last time
	waiting  bool        // for a PING's answer, or anything
	system   prober
}

func (l *liveness) init(within time.Duration, tick func()) {
	l.every, l.tick = max(within/ticks, time.Millisecond), tick
}

// start arms the timer if it is not armed. The first tick is early, to see
// whether the connection is quiet already; it does not count as idle.
func (l *liveness) start(received int64) {
	if l.timer == nil {
		l.received, l.idle, l.waiting = received, -1, false
		l.timer = time.AfterFunc(min(l.every, quietTime), l.tick)
	}
}

func (l *liveness) stop() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil // an idle connection has none
	}
}

// heard counts a frame with a head or data from the peer.
func (l *liveness) heard() { l.pings = 0 }

// quiet is ticked for a connection without streams: it reports whether no byte
// has come since the last tick, and stops the timer if so.
func (l *liveness) quiet(received int64) bool {
	if received == l.received {
		l.stop()
		return true
	}
	l.received, l.idle = received, -1
	l.timer.Reset(min(l.every, quietTime))
	return false
}

// ticked says what an idle connection needs.
func (l *liveness) ticked(received int64, now time.Time) (ping, dead bool) {
	if received != l.received {
		l.received, l.idle, l.waiting = received, 0, false
		return false, false
	}
	l.idle++
	switch {
	case l.waiting:
		return false, l.idle >= ticks-1
	case l.idle < 1 || l.pings >= maxPings && now.Sub(l.pinged) < rarePing:
		return false, false
	}
	l.idle, l.waiting = 1, true
	l.pings++
	l.pinged = now
	return true, false
}

// tick runs the liveness timer.
func (c *conn) tick() {
	now := time.Now()
	c.mu.Lock()
	if c.err != nil || c.streams.Len() == 0 && c.open == 0 {
		if c.err == nil && c.alive.quiet(c.received.Load()) {
			c.alive.system.set(c.raw, false, c.limits.Liveness)
			c.settleDown()
		}
		c.mu.Unlock()
		return
	}
	ping, dead := c.alive.ticked(c.received.Load(), now)
	if !dead {
		c.alive.timer.Reset(c.alive.every)
	}
	c.alive.system.set(c.raw, true, c.limits.Liveness)
	if !c.patience.IsZero() && now.Sub(c.patience) >= quietTime {
		c.patience = time.Time{}
		c.settleDown()
	}
	stalled, stopped := c.stalled(now), c.stopUnwanted(now)
	c.mu.Unlock()
	for _, id := range stopped {
		c.control(coalesce.Now, func(b []byte) []byte { return appendReset(b, id, codeNo) })
	}
	switch {
	case dead:
		c.fail(curlew.Errorf(curlew.Unavailable, "connection to %s: the peer has sent nothing for %v while exchanges were in flight, and did not answer a PING", c.peer, c.limits.Liveness).
			WithOrigin(curlew.OriginTransport))
	case ping:
		c.control(coalesce.Now, func(b []byte) []byte { return appendPing(b, 0, aliveToken) })
	}
	for _, x := range stalled {
		x.Reset(curlew.Errorf(curlew.DeadlineExceeded, "the client has taken nothing of the response for %v", stallTime))
	}
}

// Tokens of this side's PINGs.
const (
	aliveToken = "alive   "
	drainToken = "draining"
)

// watch arms the liveness timer. mu is held.
func (c *conn) watch() { c.alive.start(c.received.Load()) }
