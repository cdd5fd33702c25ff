// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/curlewrpc/curlew/wire"
)

// cluster is the servers of a target: what the resolver told, a pool of
// connections to each, and the picker that chooses among them.
type cluster struct {
	client    *Client
	picker    balance.Picker
	refresher discovery.Refresher // nil if the resolver is told of changes
	changed   broadcast           // the set of pools, the state of one, or what is wrong

	servers atomic.Int32 // len(order)

	mu      sync.Mutex // guards the rest; held while picker.Update runs
	pools   map[poolKey]*pool
	order   []*pool       // pools, as the resolver has them
	updates uint64        // how many there were
	lost    *curlew.Error // why the last connection could not be made
	unknown error         // why the resolver knows nothing newer
}

type poolKey struct{ network, address string }

func newCluster(c *Client, resolver discovery.Resolver) *cluster {
	refresher, _ := resolver.(discovery.Refresher)
	return &cluster{client: c, picker: c.settings.picker(), refresher: refresher, pools: make(map[poolKey]*pool)}
}

// watch follows the resolver until it has said its last or the client closes.
func (c *cluster) watch(resolver discovery.Resolver, updates iter.Seq2[discovery.Update, error]) {
	ctx := c.client.ctx
	for failures := 1; ; failures++ {
		var last error
		for u, err := range updates {
			if ctx.Err() != nil {
				return
			}
			if last = err; err != nil {
				c.noteUnknown(err)
				continue
			}
			failures = 1
			c.update(u)
		}
		if last == nil {
			return
		}
		for updates = nil; updates == nil; failures++ {
			if !resilience.Sleep(ctx, c.client.settings.backoff.Delay(failures, rand.Float64())) {
				return
			}
			var err error
			if updates, err = resolver.Watch(ctx, c.client.target); err != nil {
				c.noteUnknown(err)
			}
		}
	}
}

// renew has a resolver that asks now and then ask soon, because a connection
// failed.
func (c *cluster) renew() {
	if c.refresher != nil {
		c.refresher.Refresh(c.client.target)
	}
}

func (c *cluster) noteUnknown(err error) {
	c.client.settings.logger.Warn("curlew: resolver failed", "target", c.client.target, "err", err)
	c.mu.Lock()
	c.unknown = err
	c.mu.Unlock()
	c.changed.send()
}

// noteLost keeps why a connection could not be made; nil says that one was.
func (c *cluster) noteLost(err *curlew.Error) {
	c.mu.Lock()
	c.lost = err
	c.mu.Unlock()
}

// close ends what the pools have begun, once the client's context has ended.
func (c *cluster) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		p.retire()
	}
}

// remote returns what a protocol must know of an endpoint.
func (c *cluster) remote(e *discovery.Endpoint) *wire.Remote {
	s := c.client.settings
	r := &wire.Remote{
		Network: e.Network, Address: e.Address, Authority: s.authority,
		TLS: s.tls, Dial: s.dial, Codec: s.codec, Limits: s.limits, Logger: s.logger, Exclusive: true,
	}
	if s.dispatcher != nil {
		r.Services = s.dispatcher
	}
	if r.Authority == "" {
		r.Authority = authority(c.client.target, e)
	}
	return r
}

// authority is the name by which a server is asked for.
func authority(t discovery.Target, e *discovery.Endpoint) string {
	switch {
	case t.Scheme != "":
		return t.Endpoint
	case e.Network == "unix":
		return "localhost"
	}
	if host, port, err := net.SplitHostPort(e.Address); err == nil && host == "" {
		return net.JoinHostPort("localhost", port)
	}
	return e.Address
}

// tried returns the servers to which attempts of a call have gone.
func (c *cluster) tried(call *curlew.Call) []balance.Node {
	peers := call.Tried()
	if peers == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	nodes := make([]balance.Node, 0, len(peers))
	for _, peer := range peers {
		if p := c.pools[poolKey{peer.Addr.Network(), peer.Addr.String()}]; p != nil {
			nodes = append(nodes, p)
		}
	}
	return nodes
}

// several reports whether there is more than one server.
func (c *cluster) several() bool { return c.servers.Load() > 1 }

// pick chooses a server that has a connection, waiting for one until ctx ends,
// and returns when that was.
func (c *cluster) pick(ctx context.Context, call *curlew.Call, tried []balance.Node) (balance.Pick, *pool, time.Time, error) {
	info := balance.Info{Call: call, Tried: tried, Now: time.Now()}
	pick, p, err := c.try(ctx, info)
	if err != nil && err != balance.ErrNotReady {
		return balance.Pick{}, nil, time.Time{}, err
	}
	if p != nil && p.State() == balance.Ready {
		return pick, p, info.Now, nil
	}
	pick, p, err = c.await(ctx, info, pick, p)
	return pick, p, time.Now(), err
}

// try asks the picker once.
func (c *cluster) try(ctx context.Context, info balance.Info) (balance.Pick, *pool, error) {
	pick, err := c.picker.Pick(ctx, info)
	if err != nil {
		if errors.Is(err, balance.ErrNotReady) {
			err = balance.ErrNotReady
		}
		return balance.Pick{}, nil, err
	}
	p, ok := pick.Node.(*pool)
	if !ok {
		return balance.Pick{}, nil, curlew.Errorf(curlew.Internal, "the picker chose a %T, not one of its nodes", pick.Node).
			WithProgress(curlew.NotSent)
	}
	if p.State() == balance.Failing || p.ctx.Err() != nil {
		abandon(pick, errNoCall)
		return balance.Pick{}, nil, balance.ErrNotReady
	}
	return pick, p, nil
}

// abandon tells a picker that its pick came to nothing.
func abandon(pick balance.Pick, err error) {
	if pick.Feedback != nil {
		pick.Feedback.Done(balance.Result{Err: err, Now: time.Now()})
	}
}

// await goes on picking, from a first pick that may be none, and connecting
// until there is a connection.
func (c *cluster) await(ctx context.Context, info balance.Info, pick balance.Pick, p *pool) (balance.Pick, *pool, error) {
	ctx, cancel := patiently(ctx)
	defer cancel()
	for {
		if p != nil {
			err := p.connect(ctx)
			if err == nil {
				return pick, p, nil
			}
			abandon(pick, err)
			if errors.Is(err, errExhausted) {
				return balance.Pick{}, nil, err
			}
		}
		switch {
		case c.client.ctx.Err() != nil:
			return balance.Pick{}, nil, errClosed
		case ctx.Err() != nil:
			return balance.Pick{}, nil, c.unreachable(ctx)
		}
		changed := c.changed.wait()
		var err error
		info.Now = time.Now()
		pick, p, err = c.try(ctx, info)
		switch {
		case err == nil:
			continue
		case err != balance.ErrNotReady:
			return balance.Pick{}, nil, err
		}
		if err := c.hopeless(); err != nil {
			return balance.Pick{}, nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-c.client.ctx.Done():
		}
	}
}

// hopeless returns why waiting for a server does not help, or nil.
func (c *cluster) hopeless() *curlew.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		if !p.hopeless.Load() {
			return nil
		}
	}
	if c.lost == nil {
		return nil
	}
	return c.lost.WithCause(errors.Join(c.lost.Unwrap(), resilience.ErrFinal))
}

// patiently bounds ctx by the client's patience if it has no deadline.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, connectPatience, errImpatient)
}

var errImpatient = fmt.Errorf("waited %v, as calls without a deadline do", connectPatience)

// unreachable is the error of a call whose ctx ended before there was a
// connection.
func (c *cluster) unreachable(ctx context.Context) *curlew.Error {
	reason := c.problem()
	cause := context.Cause(ctx)
	code := curlew.CodeOf(ctx.Err())
	if cause == errImpatient {
		code = curlew.Unavailable
	}
	return curlew.NewError(code, fmt.Sprintf("no connection to %s: %v: %s", c.client.target, cause, curlew.ErrorOf(reason).Message())).
		WithCause(errors.Join(cause, reason, resilience.ErrFinal)).WithProgress(curlew.NotSent)
}

// problem says why there is no connection.
func (c *cluster) problem() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.lost != nil:
		return c.lost
	case c.unknown != nil:
		return c.unknown
	}
	for _, p := range c.pools {
		if p.State() == balance.Connecting {
			return fmt.Errorf("%s has not completed the handshake yet", p.remote)
		}
	}
	if len(c.pools) == 0 {
		return fmt.Errorf("the %s of target %s has not answered yet", c.client.resolver(), c.client.target)
	}
	return errors.New("the picker finds no server ready")
}

// broadcast wakes all who wait for something to change.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{} // nil if nobody waits
}

// wait returns a channel that the next send closes.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) send() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
