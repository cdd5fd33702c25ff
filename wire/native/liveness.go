// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import "time"

// A peer is thought dead if it sends nothing for the liveness time while calls
// are in flight. In a connection without calls, and quiet for a moment, no timer
// runs.

// ticks divide the liveness time: a ping is sent after one idle tick, and the
// connection is given up after ticks-1 of them.
const ticks = 4

// minPingEvery is how often a peer may ping without being thought hostile.
const minPingEvery = 100 * time.Millisecond

// liveness decides at each tick; its owner counts received bytes and runs the
// timer, guarded by the connection's mu.
type liveness struct {
	every    time.Duration
	tick     func()      // runs at each tick
	timer    *time.Timer // nil if not armed
	received int64       // at the last tick
	idle     int         // ticks without a byte
}

func (l *liveness) init(within time.Duration, tick func()) {
	l.every, l.tick = max(within/ticks, time.Millisecond), tick
}

// start arms the timer if it is not armed. The first tick is early, to see
// whether the connection is quiet already; it does not count as idle.
func (l *liveness) start(received int64) {
	if l.timer == nil {
		l.received, l.idle = received, -1
		l.timer = time.AfterFunc(min(l.every, quietTime), l.tick)
	}
}

func (l *liveness) stop() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil // an idle connection has none
	}
}

// quiet is ticked for a connection without calls: it reports whether no byte has
// come since the last tick, and stops the timer if so.
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
func (l *liveness) ticked(received int64) (ping, dead bool) {
	if received != l.received {
		l.received, l.idle = received, 0
		return false, false
	}
	l.idle++
	return l.idle == 1, l.idle >= ticks-1
}

// pingGuard counts pings that come more often than was agreed.
type pingGuard struct {
	last    time.Time
	strikes int
}

// maxStrikes bounds how many pings may come too early; each ping in time
// forgives one.
const maxStrikes = 32

// ping reports whether the peer may go on.
func (g *pingGuard) ping(now time.Time) bool {
	if now.Sub(g.last) < minPingEvery/2 {
		g.strikes++
	} else {
		g.strikes = max(0, g.strikes-1)
	}
	g.last = now
	return g.strikes <= maxStrikes
}
