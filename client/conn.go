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
	calls   gate
	opening atomic.Int32 // calls that the session's Capacity does not know yet
	used    atomic.Bool  // since live has last looked
	proven  atomic.Bool  // a call was answered
}

func newConn(p *pool, s wire.Session) *conn {
	c := &conn{pool: p, session: s, since: time.Now()}
	c.calls.init()
	return c
}

// reserve takes room for a call and reports whether there was any. If so,
// opened and release follow.
func (c *conn) reserve() bool {
	if c.draining() {
		return false
	}
	if opening := c.opening.Add(1); c.session.Capacity() < int(opening) || !c.calls.enter() {
		c.opening.Add(-1)
		return false
	}
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
	if c.pool.waiting.Load() > 0 {
		c.pool.serve()
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

// live waits until the session takes no more calls, or is not needed, and ends
// it once its calls have ended.
func (c *conn) live() {
	c.waitForEnd()
	c.pool.remove(c)
	client := c.pool.cluster.client
	select {
	case <-c.calls.shut():
		c.session.Close(nil)
	case <-client.ctx.Done():
		c.session.Close(errClosed.WithProgress(curlew.MaybeSent))
	}
}

func (c *conn) waitForEnd() {
	var idle <-chan time.Time
	if c.spare() {
		ticker := time.NewTicker(idleTimeout)
		defer ticker.Stop()
		idle = ticker.C
	}
	for {
		select {
		case <-c.session.Draining():
			return
		case <-c.pool.ctx.Done():
			return
		case <-idle:
			if !c.spare() {
				idle = nil
			} else if !c.used.Swap(false) && c.calls.count() == 0 {
				return
			}
		}
	}
}

// spare reports whether the pool can do without c when it is idle. Once it can
// not, that stays so.
func (c *conn) spare() bool {
	conns := *c.pool.conns.Load()
	return len(conns) > 0 && conns[0] != c
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
