// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"

	"github.com/curlewrpc/curlew"
)

// Pending is a call that [Client.Go] makes. Its Error, and what Reply points
// to, may be looked at once it has come out of Done.
type Pending struct {
	Method string
	Args   any
	Reply  any
	Error  error
	// Done gets the Pending when the call has ended.
	Done chan *Pending
}

// Go begins a call as [Client.Call] makes it and does not wait for it. The
// Pending is sent to done when the call has ended; done nil means a channel of
// its own. Go panics if done has no buffer, as net/rpc does.
//
// When done's buffer is full, the Pending waits for room, so that none is lost;
// only Close gives up such waits. Each call in flight costs a goroutine.
func (c *Client) Go(ctx context.Context, name string, args, reply any, done chan *Pending, opts ...curlew.CallOption) *Pending {
	if done == nil {
		done = make(chan *Pending, 1)
	} else if cap(done) == 0 {
		panic("client: the done channel given to Go has no buffer")
	}
	p := &Pending{Method: name, Args: args, Reply: reply, Done: done}
	begun := c.owned.start(func() {
		p.Error = c.Call(ctx, name, args, reply, opts...)
		p.deliver(c.ctx)
	})
	if !begun {
		p.Error = errClosed
		p.deliver(c.ctx)
	}
	return p
}

// deliver sends p to its channel. It waits for room until ctx ends.
func (p *Pending) deliver(ctx context.Context) {
	select {
	case p.Done <- p:
		return
	default:
	}
	select {
	case p.Done <- p:
	case <-ctx.Done():
	}
}
