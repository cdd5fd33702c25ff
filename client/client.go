// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/policy"
)

// Client makes calls to the servers of one target. It is safe for concurrent
// use.
type Client struct {
	target   discovery.Target
	settings *settings
	cluster  *cluster
	handler  curlew.Handler // the call interceptors around what protects the calls
	guards   guards
	spare    sync.Pool // of *invocation
	methods  methodCache
	policy   atomic.Pointer[policy.Snapshot]

	ctx    context.Context // ends at Close, with what ends with the client
	cancel context.CancelCauseFunc
	owned  owned
}

var _ curlew.Caller = (*Client)(nil)

// New returns a client of a target: "host:port", several of them divided by
// commas, "unix:///path", or "scheme:///name" for a resolver. It checks the
// target and the options and does not wait: connections are made when calls
// need them, or by [Client.Connect]. The caller must Close the client.
func New(target string, opts ...Option) (*Client, error) {
	s, err := newSettings(opts)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	t, err := discovery.ParseTarget(target)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	resolver, err := s.resolver(t)
	if err != nil {
		return nil, fmt.Errorf("client: target %q: %w", target, err)
	}
	c := &Client{target: t, settings: s}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	updates, err := resolver.Watch(c.ctx, t)
	if err != nil {
		c.cancel(errClosed)
		return nil, fmt.Errorf("client: target %q: %w", target, err)
	}
	c.policy.Store(s.policy)
	c.guards.client = c
	c.handler = curlew.Chain(c.guarded, s.calls...)
	c.start(resolver, updates)
	return c, nil
}

// start starts what runs beside the calls.
func (c *Client) start(resolver discovery.Resolver, updates iter.Seq2[discovery.Update, error]) {
	c.cluster = newCluster(c, resolver)
	c.owned.start(func() { c.cluster.watch(resolver, updates) })
}

// Target returns what the client was made for.
func (c *Client) Target() discovery.Target { return c.target }

// resolver names the resolver of the target, in errors.
func (c *Client) resolver() string {
	if c.target.Authority == "" {
		return cmp.Or(c.target.Scheme, "static") + " resolver"
	}
	return c.target.Scheme + " resolver at " + c.target.Authority
}

// Connect waits until a server is connected, or ctx ends, or it is clear that
// waiting does not help. The error tells the last real error: which address,
// which step, and why. Without a deadline Connect, like a call, waits for 10 s.
func (c *Client) Connect(ctx context.Context) error {
	var call curlew.Call
	call.BeginClient(ctx, anyMethod, new(curlew.CallOptions), nil, nil)
	pick, _, _, err := c.cluster.pick(ctx, &call, nil)
	abandon(pick, errNoCall)
	return failure(err)
}

var anyMethod = curlew.NewMethod("", curlew.KindUnary)

// Close ends the calls in flight and the connections, and returns when all that
// the client started has ended. Further calls fail.
func (c *Client) Close() error {
	c.owned.close()
	c.cancel(errClosed)
	c.cluster.close()
	c.owned.wait()
	if d := c.settings.dispatcher; d != nil {
		return d.Shutdown(context.Background()) // of calls whose connections have ended
	}
	return nil
}

// errNoCall tells a picker that nothing came of its pick, and that this says
// nothing of the server.
var errNoCall = curlew.NewError(curlew.Canceled, "no call was made").WithProgress(curlew.NotSent)

// errClosed is the error of calls on a closed client.
var errClosed = curlew.NewError(curlew.Canceled, "the client is closed").WithProgress(curlew.NotSent)
