// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// Server serves connections. It is safe for concurrent use.
type Server struct {
	// Route returns who answers a request; never nil.
	Route func(r *wire.HTTPRequest, d wire.Dispatcher) wire.HTTPProtocol
}

// Start serves a connection, and calls ended when it is over, with an error that
// tells why if it was not well. The caller calls drain once wc.Draining is
// closed; it does not wait.
func (s *Server) Start(ctx context.Context, wc *wire.Conn, d wire.Dispatcher, ended func(error)) (drain func()) {
	return s.start(ctx, wc, d, ended).drain
}

func (s *Server) start(ctx context.Context, wc *wire.Conn, d wire.Dispatcher, ended func(error)) *conn {
	c := newConn(wc.Raw, true, wc.Limits, wc.Logger)
	c.server, c.dispatcher, c.draining, c.ended = s, d, wc.Draining, ended
	c.leader, _ = d.(leader)
	peer := *wc.Peer
	peer.Protocol = protocolName
	c.peer = &peer
	c.begin(ctx, wc.Prefix)
	return c
}

// takeRequest takes in the head of a request.
func (c *conn) takeRequest(id uint32) error {
	b := &c.block
	x := new(serverStream)
	x.c, x.server = c, x
	if b.tooLarge() {
		c.answerEarly(id, http.StatusRequestHeaderFieldsTooLarge)
		return nil
	}
	if wrong := b.request(&x.request, x.room[:0]); wrong != "" {
		return streamErrorf(id, codeProtocol, "malformed request: %s", wrong)
	}
	if x.request.Method == http.MethodConnect {
		c.answerEarly(id, http.StatusNotImplemented)
		return nil
	}
	x.request.Peer, x.request.Limits, x.request.Draining = c.peer, c.limits, c.draining
	x.declared, x.whole = x.request.Length, b.end
	c.mu.Lock()
	switch {
	case c.err != nil: // another goroutine has ended the connection and its streams
		err := c.err
		c.mu.Unlock()
		return err
	case c.drained == drainFinal && id > c.final: // the client knows that it is not served
		c.ours.add(id)
		c.mu.Unlock()
		return nil
	case c.open >= c.most || !x.enter(id):
		c.mu.Unlock()
		return streamErrorf(id, codeRefused, "more than %d requests in flight on one connection, or too much that waits for readers", c.most)
	}
	x.recvEnd, x.place = b.end, true
	c.open++
	c.alive.heard()
	c.watch()
	credit := int64(0)
	if x.declared <= int64(c.limits.MaxReceive) {
		credit = x.widen(x.declared) // no need to wait until somebody wants it
	}
	c.mu.Unlock()
	c.serveComing()
	if b.end {
		c.serve(x)
		return nil
	}
	c.coming = x
	c.grantHeld(id, credit)
	return nil
}

// answerEarly answers a request that has no stream, with a status alone.
func (c *conn) answerEarly(id uint32, status int) {
	end := c.block.end
	c.mu.Lock()
	c.ours.add(id)
	c.mu.Unlock()
	if err := c.writer.LockControl(); err != nil {
		return
	}
	b := c.writer.Buffer()
	at := c.beginBlock(b)
	b.B = c.encoder.status(b.B, status)
	b.B = c.encoder.field(b.B, "content-length", "0")
	c.endBlock(b, at, id, flagEndStream)
	if !end {
		b.B = appendReset(b.B, id, codeNo)
	}
	c.held = true
	c.writer.Unlock(coalesce.Held)
}

// serveComing begins to serve the request whose body was about to be read.
func (c *conn) serveComing() {
	if x := c.coming; x != nil {
		c.coming = nil
		c.serve(x)
	}
}

// dropComing forgets a request that is over before it has been begun.
func (c *conn) dropComing(s *stream) {
	if c.coming == nil || s.server != c.coming {
		return
	}
	x := c.coming
	c.coming = nil
	c.mu.Lock()
	x.finished()
	c.mu.Unlock()
}

// serve has a request answered.
func (c *conn) serve(x *serverStream) {
	if !x.whole {
		c.mu.Lock()
		c.patience = time.Time{}
		c.mu.Unlock()
	}
	p := c.server.Route(&x.request, c.dispatcher)
	if _, prompt := p.(httpwire.Prompt); prompt {
		c.beginning = x
		p.Serve(c.ctx, x, (*inLoop)(c))
		c.beginning = nil
		return
	}
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.mu.Lock()
	x.cancel = cancel
	if x.err != nil {
		cancel(x.err)
	}
	c.mu.Unlock()
	c.tasks.Add(1)
	go c.answer(ctx, p, x)
}

// answer has a protocol that waits answer a request.
func (c *conn) answer(ctx context.Context, p wire.HTTPProtocol, x *serverStream) {
	defer c.tasks.Done()
	defer func() {
		if what := recover(); what != nil {
			c.logger.Error("panic while answering a request", slog.String("protocol", p.Name()), slog.String("path", x.request.Path),
				slog.String("peer", c.peer.String()), slog.Any("panic", what), slog.String("stack", string(debug.Stack())))
		}
		x.giveUp()
		x.cancel(nil)
	}()
	p.Serve(ctx, x, c.dispatcher)
}

// inLoop is a connection as the dispatcher for protocols that look at a
// request's head in the read loop.
type inLoop conn

func (d *inLoop) Lookup(service, method string, a wire.Attributes) (*wire.Target, error) {
	return d.dispatcher.Lookup(service, method, a)
}

func (d *inLoop) Serve(in *wire.Incoming) { d.dispatcher.Serve(in) }

// maxInLoop is the largest request that is served in the read loop.
const maxInLoop = 4 << 10

// Go runs a call, in the read loop if its request is there and small.
func (d *inLoop) Go(in *wire.Incoming) {
	if x := d.beginning; x != nil && x.whole && d.next == nil && d.leader != nil && x.arrived <= maxInLoop {
		d.next = in
		return
	}
	d.dispatcher.Go(in)
}

// serveNext runs the call that may run in the loop. If it reports false, another
// goroutine goes on with the loop, and nothing of it may be touched.
func (c *conn) serveNext() bool {
	in := c.next
	c.next, c.held = nil, true
	c.wakeLast()
	if c.turns == nil {
		c.turns = c.leader.NewLoop(func() { go c.lead() })
	}
	if c.leader.Lead(in, c.turns) {
		return true
	}
	c.writer.Flush() // the answer, if the loop has flushed without it
	return false
}

// endTurns gives up what serveNext needs until it is needed again.
func (c *conn) endTurns() {
	if c.turns != nil {
		c.turns.Close()
		c.turns = nil
	}
}
