// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
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
// Calls wait in a pool while a connection is being made, and, where each
// carries one call at a time, while all are in use. A goroutine makes a
// connection and then stays with it (conn.live).
type pool struct {
	cluster  *cluster
	key      poolKey
	endpoint atomic.Pointer[discovery.Endpoint]
	update   uint64 // the last one that the server was in; guarded by cluster.mu
	remote   *wire.Remote
	peer     *curlew.Peer   // until a connection knows better
	handler  curlew.Handler // the attempt interceptors around open
	figures  figures

	ctx    context.Context // ends when the server is gone from the set, or with the client
	cancel context.CancelCauseFunc

	conns     atomic.Pointer[[]*conn]     // that take calls; replaced under mu
	state     atomic.Uint32               // a balance.State; set under mu
	waiting   atomic.Int32                // len(waiters); set under mu
	hopeless  atomic.Bool                 // it failed in a way that time does not mend; set under mu
	unhealthy atomic.Bool                 // by the last check
	unchecked atomic.Bool                 // the server has no health checks
	exclusive atomic.Bool                 // a connection carries one call at a time; set under mu
	instances atomic.Pointer[[]*instance] // replaced as a whole, under mu

	mu       sync.Mutex // guards the rest
	free     []*conn    // if exclusive: those without a call, the last used last
	dialing  int        // connections in the making
	waiters  []*waiter
	failures int           // dials in a row that gave no connection of use
	retry    *time.Timer   // until the next dial is allowed; nil if it is
	err      *curlew.Error // of the last dial
}

// waiter is a call that waits for a connection.
type waiter struct {
	done chan struct{} // closed when conn or err is set
	conn *conn
	err  error
}

// config is what the client is set to.
func (p *pool) config() *Pool { return &p.cluster.client.settings.pool }

func newPool(c *cluster, key poolKey, e *discovery.Endpoint) *pool {
	p := &pool{cluster: c, key: key, remote: c.remote(e)}
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
	defer p.mu.Unlock()
	if p.State() == balance.Idle { // and not connected meanwhile
		p.dial(1)
	}
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
	if p.waiting.Load() == 0 && !p.exclusive.Load() {
		if c := p.roomy(); c != nil {
			return c, nil
		}
	}
	c, w, err := p.enqueue()
	if w == nil {
		return c, err
	}
	var tooLong <-chan time.Time
	if patience := p.config().AcquireTimeout; patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		tooLong = timer.C
	}
	select {
	case <-w.done: // soon also when the pool is retired, because that ends the dial
		return w.conn, w.err
	case <-tooLong:
		p.leave(w)
		return nil, p.exhausted(fmt.Sprintf("none became free within Pool.AcquireTimeout, %v", p.config().AcquireTimeout))
	case <-ctx.Done():
		p.leave(w)
		return nil, contextError(ctx, "waiting for a connection to "+p.remote.String())
	}
}

// exhausted is the error of a call that may not wait, or not longer.
func (p *pool) exhausted(why string) *curlew.Error {
	p.figures.exhausted.Add(1)
	return curlew.Errorf(curlew.ResourceExhausted, "%w for %s: %d in use, at most %d, and %s; raise MaxConnections of client.WithPool, or make fewer calls",
		errExhausted, p.remote, len(*p.conns.Load()), p.max(), why).WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
}

var errExhausted = errors.New("no connection is free")

// take returns a connection with room; nil if there is none. mu is held.
func (p *pool) take() *conn {
	if !p.exclusive.Load() {
		return p.roomy()
	}
	for n := len(p.free); n > 0; n = len(p.free) {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		c.free = false
		if !c.draining() && c.admit() {
			return c
		}
	}
	return nil
}

// roomy returns a connection with room, the first one, so that the others can
// become idle; nil if there is none.
func (p *pool) roomy() *conn {
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
		if c.admit() {
			return c
		}
	}
	return nil
}

// enqueue returns a connection, or an error, or a place in the queue of those
// who wait for one.
func (p *pool) enqueue() (*conn, *waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	exclusive := p.exclusive.Load()
	if !exclusive || len(p.waiters) == 0 {
		if c := p.take(); c != nil {
			p.fill()
			return c, nil, nil
		}
	}
	p.sweep()
	making := p.dial(len(p.waiters) + 1)
	switch {
	case exclusive && (making || len(*p.conns.Load()) > 0):
		if len(p.waiters) >= p.config().MaxWaiters+p.dialing { // those in the making are waited for by somebody
			return nil, nil, p.exhausted(fmt.Sprintf("%d calls wait already", len(p.waiters)))
		}
	case making:
	default:
		if c := p.crowded(); c != nil && !exclusive {
			return c, nil, nil
		}
		return nil, nil, p.failure()
	}
	w := &waiter{done: make(chan struct{})}
	p.waiters = append(p.waiters, w)
	p.waiting.Add(1)
	p.figures.waited.Add(1)
	return nil, w, nil
}

// putBack lets another call have a connection that carries one at a time.
func (p *pool) putBack(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.dropped && !c.free && p.exclusive.Load() {
		c.free = true
		p.free = append(p.free, c)
	}
	p.serveAll()
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

// settle answers those who wait, once a dial has ended or a connection is gone.
// mu is held.
func (p *pool) settle() {
	for len(p.waiters) > 0 {
		c := p.take()
		if c == nil {
			if p.err == nil && p.dial(len(p.waiters)) {
				return // these wait for one more connection
			}
			if p.exclusive.Load() {
				if p.dialing > 0 || len(*p.conns.Load()) > 0 {
					return // or for a call to end
				}
			} else {
				c = p.crowded()
			}
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
	p.serveAll()
}

// serveAll is serve. mu is held.
func (p *pool) serveAll() {
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
	case p.dialing > 0:
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
