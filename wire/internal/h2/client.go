// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
	"github.com/curlewrpc/curlew/wire/internal/httpwire"
)

// ALPN is the name by which TLS peers agree on HTTP/2 (RFC 9113, section 3.2).
const ALPN = "h2"

// Transport is a connection to a server. It is safe for concurrent use.
type Transport struct{ c *conn }

var _ wire.HTTPTransport = (*Transport)(nil)

// Dial connects to a server and waits for its settings.
func Dial(ctx context.Context, r *wire.Remote) (*Transport, error) {
	raw, err := r.DialConn(ctx, ALPN)
	if err != nil {
		return nil, err
	}
	c := newConn(raw, false, r.Limits.WithDefaults(), r.Logger)
	c.peer = &curlew.Peer{Addr: raw.RemoteAddr(), LocalAddr: raw.LocalAddr(), Protocol: protocolName}
	if secure, ok := raw.(*tls.Conn); ok {
		state := secure.ConnectionState()
		c.peer.TLS = &state
		if state.NegotiatedProtocol != ALPN {
			raw.Close()
			return nil, curlew.Errorf(curlew.FailedPrecondition,
				"%s does not agree on HTTP/2 by ALPN, but on %q: switch %q on in its TLS configuration (NextProtos), or use a protocol over HTTP/1.1",
				r, state.NegotiatedProtocol, ALPN).WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
		}
	}
	c.ready, c.away, c.loop = make(chan struct{}), make(chan struct{}), make(chan struct{})
	c.ended = func(error) { close(c.loop) }
	c.nextID = 1
	c.begin(context.Background(), nil)
	select {
	case <-c.ready:
		return &Transport{c}, nil
	case <-c.loop:
		return nil, c.failure().WithProgress(curlew.NotSent)
	case <-ctx.Done():
		err := curlew.Errorf(httpwire.ContextError(ctx).Code(), "waiting for the HTTP/2 settings of %s: %w", r, context.Cause(ctx)).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
		c.closeWith(codeNo, err)
		<-c.loop
		return nil, err
	}
}

// Draining implements [wire.HTTPTransport].
func (t *Transport) Draining() <-chan struct{} { return t.c.away }

// Capacity implements [wire.HTTPTransport].
func (t *Transport) Capacity() int {
	c := t.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goingAway {
		return 0
	}
	return max(0, c.maxOpen()-c.open)
}

// Close implements [wire.HTTPTransport].
func (t *Transport) Close(cause error) error {
	c := t.c
	err := curlew.Errorf(curlew.Canceled, "connection to %s: closed on this side", c.peer).WithCause(errGone)
	if cause != nil {
		err = curlew.ErrorOf(cause)
	}
	c.closeWith(codeNo, err)
	<-c.loop
	return nil
}

// Do implements [wire.HTTPTransport]. ctx bounds the wait for a place and, if
// the head goes out at once, for that; the exchange lives until its Reset. It
// keeps r until the head is sent.
func (t *Transport) Do(ctx context.Context, r *wire.HTTPRequest) (wire.ClientExchange, error) {
	c := t.c
	if err := c.checkRequest(r); err != nil {
		return nil, err
	}
	if err := c.takePlace(ctx); err != nil {
		return nil, err
	}
	x := &clientStream{request: r, length: r.Length, isHead: r.Method == http.MethodHead}
	x.c, x.client, x.declared, x.place = c, x, -1, true
	x.deadline, _ = ctx.Deadline()
	if r.Length < 0 {
		if _, err := x.write(ctx, content{}, false); err != nil {
			x.Reset(err)
			return nil, err
		}
	}
	return x, nil
}

// checkRequest refuses a head that HTTP/2 or this server does not take.
func (c *conn) checkRequest(r *wire.HTTPRequest) error {
	wrong := ""
	size := 4*entrySize + len(":method:scheme:authority:path") + len(r.Method) + len(r.Scheme) + len(r.Authority) + len(r.Path) + len(r.RawQuery)
	for i := range r.Fields {
		size += len(r.Fields[i].Name) + len(r.Fields[i].Value) + entrySize
	}
	c.mu.Lock()
	limit := c.theirs.maxHeaderList
	c.mu.Unlock()
	switch {
	case r.Method == "" || !validMethod(r.Method):
		wrong = "its method is none"
	case !validPath(r.Path) || !validPath(r.RawQuery) || r.Path == "":
		wrong = "its path is empty, or has bytes that are not allowed"
	case !validAuthority(r.Authority):
		wrong = "its authority is none"
	}
	if wrong != "" {
		return curlew.Errorf(curlew.InvalidArgument, "request %s %q: %s", r.Method, r.Path, wrong).WithProgress(curlew.NotSent)
	}
	if int64(size) > int64(limit) {
		return curlew.Errorf(curlew.ResourceExhausted, "request %s: header of %d bytes, more than the %d that %s takes", r.Path, size, limit, c.peer).
			WithProgress(curlew.NotSent)
	}
	return nil
}

// maxOpen bounds the streams that this side may open. mu is held.
func (c *conn) maxOpen() int { return int(min(int64(c.most), int64(c.theirs.maxStreams))) }

// takePlace waits for one of the places for streams, first come, first served.
func (c *conn) takePlace(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refusal(); err != nil {
		return err
	}
	if c.open < c.maxOpen() && c.slots.Len() == 0 {
		c.open++
		return nil
	}
	w := c.slots.Join()
	c.mu.Unlock()
	var err error
	select {
	case <-w.Turn:
	case <-ctx.Done():
		err = httpwire.ContextError(ctx).WithProgress(curlew.NotSent)
	}
	c.mu.Lock()
	c.slots.Leave(w)
	if refused := c.refusal(); err == nil && refused != nil {
		err = refused
	}
	if w.Granted && err != nil {
		c.freePlace()
	}
	return err
}

// refusal says why no stream can be opened; nil if one can. mu is held.
func (c *conn) refusal() error {
	switch {
	case c.err != nil:
		return c.err.WithProgress(curlew.NotSent)
	case c.goingAway:
		return curlew.Errorf(curlew.Unavailable, "%s is going away%s", c.peer, c.awayReason).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
	}
	return nil
}

// wentAway ends the streams that the server will not serve, and takes no more.
func (c *conn) wentAway(last uint32, code errCode, text string) {
	reason := ""
	if code != codeNo {
		reason = " (" + code.String() + ")"
	}
	if text != "" {
		reason += ": " + text
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awayReason = reason
	c.leave()
	c.slots.Dismiss()
	var refused []*stream
	for s := range c.streams.All() {
		if s.id > last {
			refused = append(refused, s)
		}
	}
	for _, s := range refused {
		s.fail(curlew.Errorf(curlew.Unavailable, "%s is going away%s", c.peer, reason).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.Refused))
	}
}

// appendRequest appends a request's head. The writer's lock is held.
func (c *conn) appendRequest(r *wire.HTTPRequest, id uint32, fl flags) {
	b := c.writer.Buffer()
	b.Grow(blockRoom(r.Fields) + len(r.Authority) + len(r.Path) + len(r.RawQuery) + 32)
	at := c.beginBlock(b)
	e := &c.encoder
	switch r.Method {
	case "POST":
		b.B = static(b.B, staticMethodPost)
	case "GET":
		b.B = static(b.B, staticMethodGet)
	default:
		b.B = e.field(b.B, ":method", r.Method)
	}
	if r.Scheme == "https" {
		b.B = static(b.B, staticSchemeHTTPS)
	} else {
		b.B = static(b.B, staticSchemeHTTP)
	}
	b.B = e.field(b.B, ":authority", r.Authority)
	if r.RawQuery == "" {
		b.B = e.field(b.B, ":path", r.Path)
	} else { // no two are the same
		b.B = appendLiteral(b.B, 4, 0, staticPathRoot, "", r.Path+"?"+r.RawQuery, false)
	}
	b.B = e.list(b.B, r.Fields)
	c.endBlock(b, at, id, fl)
}

// soonFor tells when a request that is complete is written.
func (c *conn) soonFor(open int) coalesce.When {
	if open > 1 {
		return coalesce.Gather
	}
	return coalesce.Now
}
