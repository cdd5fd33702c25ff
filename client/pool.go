// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/wire"
)

// pool is the connections to one server: none until a call needs one, and more
// when the calls fill those that there are. It is a balance.Node.
//
// Calls wait in a pool only while a connection is being made. One goroutine at
// a time makes one; it then stays with the connection (conn.live).
type pool struct {
	cluster  *cluster
	endpoint atomic.Pointer[discovery.Endpoint]
	remote   *wire.Remote
	peer     *curlew.Peer   // until a connection knows better
	handler  curlew.Handler // the attempt interceptors around open

	ctx    context.Context // ends when the server is gone from the set, or with the client
	cancel context.CancelCauseFunc

	conns    atomic.Pointer[[]*conn] // that take calls; replaced under mu
	state    atomic.Uint32           // a balance.State; set under mu
	waiting  atomic.Int32            // len(waiters); set under mu
	hopeless atomic.Bool             // it failed in a way that time does not mend; set under mu

	mu       sync.Mutex // guards the rest
	dialing  bool
	waiters  []*waiter
	failures int           // dials in a row that gave no connection of use
	retry    *time.Timer   // until the next dial is allowed; nil if it is
	err      *curlew.Error // of the last dial
}

// waiter is a call that waits for a dial.
type waiter struct {
	done chan struct{} // closed when conn or err is set
	conn *conn
	err  error
}

func newPool(c *cluster, e *discovery.Endpoint) *pool {
	p := &pool{cluster: c, remote: c.remote(e)}
	p.peer = &curlew.Peer{Addr: address{e.Network, e.Address}, Protocol: c.client.settings.protocol.Name()}
	p.handler = curlew.Chain(p.open, c.client.settings.attempts...)
	p.ctx, p.cancel = context.WithCancelCause(c.client.ctx)
	p.conns.Store(new([]*conn))
	return p
}

// address is where a server was looked for.
type address struct{ network, address string }

func (a address) Network() string { return a.network }
func (a address) String() string  { return a.address }

// Endpoint implements balance.Node.
func (p *pool) Endpoint() *discovery.Endpoint { return p.endpoint.Load() }

// State implements balance.Node.
func (p *pool) State() balance.State { return balance.State(p.state.Load()) }

// Connect implements balance.Node.
func (p *pool) Connect() {
	if p.State() != balance.Idle {
		return
	}
	p.mu.Lock()
	p.dial()
	p.mu.Unlock()
}

// connect waits for a connection.
func (p *pool) connect(ctx context.Context) error {
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	c.opened()
	c.release()
	return nil
}

// acquire returns a connection with room for a call. The caller tells it when
// the call is opened and when it has ended.
func (p *pool) acquire(ctx context.Context) (*conn, error) {
	if p.waiting.Load() == 0 {
		if c := p.take(); c != nil {
			return c, nil
		}
	}
	c, w, err := p.enqueue()
	if w == nil {
		return c, err
	}
	select {
	case <-w.done: // soon also when the pool is retired, because that ends the dial
		return w.conn, w.err
	case <-ctx.Done():
		p.leave(w)
		return nil, contextError(ctx, "waiting for a connection to "+p.remote.String())
	}
}

// take returns a connection with room, the first one, so that the others can
// become idle; nil if there is none.
func (p *pool) take() *conn {
	for _, c := range *p.conns.Load() {
		if c.reserve() {
			return c
		}
	}
	return nil
}

// crowded returns the connection with the fewest calls, for one more to wait in
// its queue; nil if there is none.
func (p *pool) crowded() *conn {
	conns := slices.Clone(*p.conns.Load())
	slices.SortFunc(conns, func(a, b *conn) int { return int(a.calls.count() - b.calls.count()) })
	for _, c := range conns {
		if c.calls.enter() {
			c.opening.Add(1)
			return c
		}
	}
	return nil
}

// enqueue returns a connection, or an error, or a place in the queue of those
// who wait for the dial.
func (p *pool) enqueue() (*conn, *waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.take(); c != nil {
		return c, nil, nil
	}
	p.sweep()
	if !p.dial() {
		if c := p.crowded(); c != nil {
			return c, nil, nil
		}
		return nil, nil, p.failure()
	}
	w := &waiter{done: make(chan struct{})}
	p.waiters = append(p.waiters, w)
	p.waiting.Add(1)
	return nil, w, nil
}

// leave takes w out of the queue, or gives back what it was given meanwhile.
func (p *pool) leave(w *waiter) {
	p.mu.Lock()
	if i := slices.Index(p.waiters, w); i >= 0 {
		p.waiters = slices.Delete(p.waiters, i, i+1)
		p.waiting.Add(-1)
	}
	p.mu.Unlock()
	if w.conn != nil {
		w.conn.opened()
		w.conn.release()
	}
}

// dial reports whether a connection is being made, and starts to make one if
// it may. mu is held.
func (p *pool) dial() bool {
	switch {
	case p.dialing:
		return true
	case p.ctx.Err() != nil, p.retry != nil, len(*p.conns.Load()) >= p.cluster.client.settings.maxConns,
		!p.cluster.client.owned.enter():
		return false
	}
	p.dialing = true
	p.setState()
	go p.run() // Close waits for it
	return true
}

// run makes a connection and stays with it to its end.
func (p *pool) run() {
	client := p.cluster.client
	defer client.owned.leave()
	ctx, cancel := context.WithTimeoutCause(p.ctx, client.settings.limits.Handshake, errSlow)
	session, err := client.settings.protocol.Connect(ctx, p.remote)
	cancel()
	if err != nil {
		p.dialFailed(p.dialError(err))
		return
	}
	c := newConn(p, session)
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

// add takes a new connection into use.
func (p *pool) add(c *conn) {
	p.cluster.noteLost(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing = false
	p.hopeless.Store(false)
	p.err = nil
	conns := append(slices.Clip(*p.conns.Load()), c)
	p.conns.Store(&conns)
	p.settle()
	p.setState()
}

func (p *pool) dialFailed(err *curlew.Error) {
	if p.ctx.Err() == nil {
		p.cluster.noteLost(err)
		p.cluster.client.settings.logger.Warn("curlew: connection failed", "address", p.remote.String(), "err", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialing = false
	p.err = err
	p.hopeless.Store(isHopeless(err))
	p.failed()
	p.settle()
	p.setState()
}

// remove takes a connection out of use.
func (p *pool) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(c)
	p.setState()
}

// sweep takes the connections out of use that drain and have not come to it
// themselves. mu is held.
func (p *pool) sweep() {
	for _, c := range *p.conns.Load() {
		if c.draining() {
			p.drop(c)
		}
	}
	p.setState()
}

// drop takes a connection out of use, if it is in use. One that was of no use
// counts as a failed dial. mu is held.
func (p *pool) drop(c *conn) {
	conns := slices.Clone(*p.conns.Load())
	i := slices.Index(conns, c)
	if i < 0 {
		return
	}
	conns = slices.Delete(conns, i, i+1)
	p.conns.Store(&conns)
	if c.wasOfUse() {
		p.failures = 0
	} else {
		p.failed()
	}
}

// failed begins to wait before the next dial. mu is held.
func (p *pool) failed() {
	p.failures++
	if p.ctx.Err() == nil && p.retry == nil {
		p.retry = time.AfterFunc(p.cluster.client.settings.backoff.Delay(p.failures, rand.Float64()), p.recover)
	}
}

// recover allows the next dial.
func (p *pool) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retry = nil
	p.setState()
}

// settle answers those who wait, once a dial has ended. mu is held.
func (p *pool) settle() {
	for len(p.waiters) > 0 {
		c := p.take()
		if c == nil {
			if p.err == nil && p.dial() {
				return // these wait for one more connection
			}
			c = p.crowded()
		}
		if c == nil {
			p.give(nil, p.failure())
		} else {
			p.give(c, nil)
		}
	}
}

// serve gives room that has become free to those who wait.
func (p *pool) serve() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiters) > 0 {
		c := p.take()
		if c == nil {
			return
		}
		p.give(c, nil)
	}
}

// give answers the one who has waited longest. mu is held.
func (p *pool) give(c *conn, err error) {
	w := p.waiters[0]
	p.waiters = slices.Delete(p.waiters, 0, 1)
	p.waiting.Add(-1)
	w.conn, w.err = c, err
	close(w.done)
}

// failure is why there is no connection. mu is held.
func (p *pool) failure() error {
	switch {
	case p.ctx.Err() != nil:
		return p.gone()
	case p.err != nil:
		return p.err
	}
	return curlew.Errorf(curlew.Unavailable, "%s ended the last connections soon after they were made", p.remote).
		WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
}

func (p *pool) gone() error {
	if p.cluster.client.ctx.Err() != nil {
		return errClosed
	}
	return errWithdrawn
}

var errWithdrawn = curlew.NewError(curlew.Unavailable, "the server is no longer among those of the target").WithProgress(curlew.NotSent)

// setState tells pickers, and calls that wait, how things are. mu is held.
func (p *pool) setState() {
	state := balance.Idle
	switch {
	case len(*p.conns.Load()) > 0:
		state = balance.Ready
	case p.dialing:
		state = balance.Connecting
	case p.retry != nil:
		state = balance.Failing
	}
	if p.state.Swap(uint32(state)) != uint32(state) {
		p.cluster.changed.send()
	}
}

// retire lets the connections end when their calls have ended.
func (p *pool) retire() {
	p.cancel(errWithdrawn)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retry != nil {
		p.retry.Stop()
		p.retry = nil
	}
}
