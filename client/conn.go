// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// conn is one session of a pool and the calls on it.
type conn struct {
	pool    *pool
	session wire.Session
	since   time.Time
	single  bool // it carries one call at a time
	calls   gate
	served  atomic.Int64 // calls, up to now
	opening atomic.Int32 // calls that the session's Capacity does not know yet
	used    atomic.Bool  // since live has last looked
	proven  atomic.Bool  // a call was answered

	checker  *checker      // nil if the client does not check
	replaced chan struct{} // closed when another one has taken its place

	free, expired, dropped bool // guarded by pool.mu: it is in pool.free, too old, out of use
}

func newConn(p *pool, s wire.Session) *conn {
	c := &conn{pool: p, session: s, since: time.Now(), single: s.Capacity() == 1, replaced: make(chan struct{})}
	c.calls.init()
	c.checker = newChecker(c)
	return c
}

// reserve takes room for a call and reports whether there was any. If so,
// opened and release follow.
func (c *conn) reserve() bool {
	if c.draining() {
		return false
	}
	if opening := c.opening.Add(1); c.session.Capacity() < int(opening) || !c.enter() {
		c.opening.Add(-1)
		return false
	}
	return true
}

// admit lets a call wait for room and reports whether it may. If so, opened
// and release follow.
func (c *conn) admit() bool {
	if !c.enter() {
		return false
	}
	c.opening.Add(1)
	return true
}

// enter counts a call in, if the connection takes any.
func (c *conn) enter() bool {
	if !c.calls.enter() {
		return false
	}
	c.served.Add(1)
	if !c.used.Load() {
		c.used.Store(true)
	}
	return true
}

func (c *conn) draining() bool {
	select {
	case <-c.session.Draining():
		return true
	default:
		return false
	}
}

// opened says that the session knows the call now, or has refused it.
func (c *conn) opened() { c.opening.Add(-1) }

// release says that a call has ended.
func (c *conn) release() {
	c.calls.leave()
	switch p := c.pool; {
	case p.exclusive.Load():
		p.putBack(c)
	case p.waiting.Load() > 0:
		p.serve()
	}
}

// prove says that a call was answered.
func (c *conn) prove() {
	if !c.proven.Load() {
		c.proven.Store(true)
	}
}

// wasOfUse reports whether to connect again at once is reasonable. A server
// that takes connections only to drop them would be called in a hot loop.
func (c *conn) wasOfUse() bool {
	return c.proven.Load() || time.Since(c.since) >= stableAfter
}

// reason is why a connection takes no more calls.
type reason uint8

const (
	lost      reason = iota // it failed, or its server goes away
	withdrawn               // its server is gone from the set, or the client is closed
	idle
	expired
	reasons
)

// live waits until the session takes no more calls, or is not needed, and ends
// it once its calls have ended.
func (c *conn) live() {
	c.pool.remove(c, c.waitForEnd())
	client := c.pool.cluster.client
	select {
	case <-c.calls.shut():
		c.session.Close(nil)
	case <-client.ctx.Done():
		c.session.Close(errClosed.WithProgress(curlew.MaybeSent))
	}
	c.pool.figures.served.Add(c.served.Load())
}

func (c *conn) waitForEnd() reason {
	config := c.pool.config()
	idleTick := newTicker(config.IdleTimeout)
	defer idleTick.stop()
	tooOld := newTicker(config.lifetime())
	defer tooOld.stop()
	health := c.pool.checks()
	defer health.stop()
	for {
		select {
		case <-health.c:
			c.checker.check()
		case <-c.session.Draining():
			return lost
		case <-c.pool.ctx.Done():
			return withdrawn
		case <-c.replaced:
			return expired
		case <-tooOld.c:
			if c.pool.expire(c) {
				return expired
			}
			tooOld.reset(config.lifetime() / 10) // if the dial fails
		case <-idleTick.c:
			if !c.used.Swap(false) && c.calls.count() == 0 && c.pool.spare(c) {
				return idle
			}
		}
	}
}

// ticker is a time.Ticker that does not tick if its period is not positive.
type ticker struct {
	t *time.Ticker
	c <-chan time.Time
}

func newTicker(period time.Duration) ticker {
	if period <= 0 {
		return ticker{}
	}
	t := time.NewTicker(period)
	return ticker{t, t.C}
}

func (t ticker) reset(period time.Duration) { t.t.Reset(max(period, 1)) }

func (t ticker) stop() {
	if t.t != nil {
		t.t.Stop()
	}
}

// gate counts calls and can be shut.
type gate struct {
	n     atomic.Int64 // calls inside, plus closing once it is shut
	empty chan struct{}
}

const closing = -1 << 40

func (g *gate) init() { g.empty = make(chan struct{}, 1) }

// enter reports whether one more may come in. If so, leave follows.
func (g *gate) enter() bool {
	if g.n.Add(1) < 0 {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.n.Add(-1) == closing {
		g.signal()
	}
}

// shut lets nobody in any more; the channel is ready once all have left. It is
// called once.
func (g *gate) shut() <-chan struct{} {
	if g.n.Add(closing) == closing {
		g.signal()
	}
	return g.empty
}

func (g *gate) signal() {
	select {
	case g.empty <- struct{}{}:
	default:
	}
}

// count returns the number of calls inside, while the gate is open.
func (g *gate) count() int64 { return g.n.Load() }
