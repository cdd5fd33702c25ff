// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/curlewrpc/curlew"
)

// max is how many connections the pool may have.
func (p *pool) max() int {
	s := p.cluster.client.settings
	return s.pool.max(p.exclusive.Load(), s.limits.MaxStreams)
}

// dial reports whether a connection is being made, and starts to make as many
// as are wanted, at least the given number, and allowed. mu is held.
func (p *pool) dial(wanted int) bool {
	wanted = min(max(wanted, p.wanted()), maxDials)
	if !p.exclusive.Load() {
		wanted = min(wanted, max(p.wanted(), 1))
	}
	for p.dialing < wanted && p.ctx.Err() == nil && p.retry == nil && p.lasting()+p.dialing < p.max() {
		if !p.cluster.client.owned.start(p.run) {
			break
		}
		p.dialing++
		p.setState()
	}
	return p.dialing > 0
}

// wanted is how many connections should be in the making now. mu is held.
func (p *pool) wanted() int {
	if p.exclusive.Load() {
		return p.config().MinIdle - len(p.free) + len(p.waiters)
	}
	return p.config().MinIdle - p.lasting()
}

// fill has the connections made that should be there before a call needs them.
// mu is held.
func (p *pool) fill() {
	if p.config().MinIdle > 0 {
		p.dial(0)
	}
}

// warm is fill for those who do not hold mu.
func (p *pool) warm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
}

// lasting is the number of connections that are not too old. mu is held.
func (p *pool) lasting() int {
	n := 0
	for _, c := range *p.conns.Load() {
		if !c.expired {
			n++
		}
	}
	return n
}

// run makes a connection and stays with it to its end.
func (p *pool) run() {
	client := p.cluster.client
	p.figures.dials.Add(1)
	ctx, cancel := context.WithTimeoutCause(p.ctx, client.settings.limits.Handshake, errSlow)
	session, err := client.settings.protocol.Connect(ctx, p.remote)
	cancel()
	if err != nil {
		p.dialFailed(p.dialError(err))
		return
	}
	c := newConn(p, session)
	if c.checker != nil {
		c.checker.check()
	}
	p.add(c)
	c.live()
}

var errSlow = errors.New("the server took too long to answer the handshake")

// dialError describes why a connection could not be made.
func (p *pool) dialError(err error) *curlew.Error {
	var e *curlew.Error
	if errors.As(err, &e) {
		e = curlew.ErrorOf(err)
	} else {
		e = curlew.Errorf(curlew.Unavailable, "connect to %s: %w", p.remote, err).WithOrigin(curlew.OriginTransport)
	}
	return e.WithProgress(curlew.NotSent)
}

// isHopeless reports whether trying again after a failed dial does not help:
// the server was reached, and what it said is no passing trouble.
func isHopeless(err *curlew.Error) bool {
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &noTLS) {
		return true
	}
	switch err.Code() {
	case curlew.Unavailable, curlew.DeadlineExceeded, curlew.Canceled, curlew.ResourceExhausted, curlew.Unknown:
		return false
	}
	return true
}

// add takes a new connection into use, instead of those that are too old.
func (p *pool) add(c *conn) {
	p.cluster.noteLost(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	p.hopeless.Store(false)
	p.err = nil
	old := *p.conns.Load()
	conns := append(slices.Clip(old), c)
	p.conns.Store(&conns)
	p.setExclusive(c)
	if !p.exclusive.Load() {
		for _, o := range old {
			if o.expired {
				p.drop(o)
				close(o.replaced)
			}
		}
	}
	p.settle()
	p.fill()
	p.setState()
}

// setExclusive takes note of whether a new connection carries one call at a
// time. mu is held.
func (p *pool) setExclusive(c *conn) {
	conns := *p.conns.Load()
	switch {
	case c.single && !p.exclusive.Load():
		p.exclusive.Store(true)
		for _, other := range conns { // of which some may not be full
			if other.calls.count() == 0 && !other.free {
				other.free = true
				p.free = append(p.free, other)
			}
		}
	case !c.single && len(conns) == 1:
		p.exclusive.Store(false)
		p.free = nil
	case p.exclusive.Load() && !c.free && c.calls.count() == 0: // else its health check has put it there, or a call has it
		c.free = true
		p.free = append(p.free, c)
	}
}

func (p *pool) dialFailed(err *curlew.Error) {
	if p.ctx.Err() == nil {
		p.cluster.noteLost(err)
		p.cluster.renew()
		p.cluster.client.settings.logger.Warn("curlew: connection failed", "address", p.remote.String(), "err", err)
	}
	p.figures.failed.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing--
	p.err = err
	p.hopeless.Store(isHopeless(err))
	p.failed()
	p.settle()
	p.setState()
}

// remove takes a connection out of use that has come to its end. One that was
// lost and of no use counts as a failed dial.
func (p *pool) remove(c *conn, why reason) {
	p.figures.ended[why].Add(1)
	if why == lost {
		p.cluster.renew()
	}
	p.mu.Lock()
	if p.drop(c) && why == lost {
		p.judge(c)
	}
	if p.exclusive.Load() {
		p.settle()
	}
	p.fill()
	p.setState()
	alone := len(*p.conns.Load()) == 0
	p.mu.Unlock()
	if alone && p.ctx.Err() == nil && p.unhealthy.Swap(false) { // nobody would check it any more
		p.cluster.refresh()
	}
}

// sweep takes the connections out of use that drain and have not come to it
// themselves. mu is held.
func (p *pool) sweep() {
	for _, c := range *p.conns.Load() {
		if c.draining() && p.drop(c) {
			p.judge(c)
		}
	}
	p.setState()
}

// drop takes a connection out of use, and reports whether it was in use. mu is
// held.
func (p *pool) drop(c *conn) bool {
	if c.dropped {
		return false
	}
	c.dropped = true
	conns := slices.Clone(*p.conns.Load())
	i := slices.Index(conns, c)
	if i < 0 {
		return false
	}
	conns = slices.Delete(conns, i, i+1)
	p.conns.Store(&conns)
	if i := slices.Index(p.free, c); i >= 0 {
		p.free = slices.Delete(p.free, i, i+1)
	}
	return true
}

// judge begins to wait before the next dial if a lost connection was of no use.
// mu is held.
func (p *pool) judge(c *conn) {
	if c.wasOfUse() {
		p.failures = 0
	} else {
		p.failed()
	}
}

// failed begins to wait before the next dial, unless that has begun. mu is
// held.
func (p *pool) failed() {
	if p.ctx.Err() != nil || p.retry != nil {
		return
	}
	p.failures++
	p.retry = time.AfterFunc(p.cluster.client.settings.backoff.Delay(p.failures, rand.Float64()), p.recover)
}

// recover allows the next dial.
func (p *pool) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retry = nil
	if p.exclusive.Load() && len(p.waiters) > 0 {
		p.dial(len(p.waiters))
	}
	p.fill()
	p.setState()
}

// expire says that a connection is too old, and reports whether the pool can do
// without it now. Else another one is being made, if possible, and takes its
// place.
func (p *pool) expire(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.expired = true
	if p.exclusive.Load() || p.lasting() > 0 {
		return true
	}
	p.dial(1)
	return false
}

// spare reports whether the pool can do without a connection that is idle.
func (p *pool) spare(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exclusive.Load() {
		return len(p.free) > p.config().MinIdle
	}
	conns := *p.conns.Load()
	return len(conns) > max(p.config().MinIdle, 1) && conns[0] != c
}
