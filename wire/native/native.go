// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

import (
	"context"
	"net"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/codec/json"
	"github.com/curlewrpc/curlew/codec/proto"
	"github.com/curlewrpc/curlew/codec/raw"
	"github.com/curlewrpc/curlew/transport"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/coalesce"
)

// ALPN is the name by which TLS peers agree on the protocol.
const ALPN = "curlew/1"

// Protocol is the native protocol: a [wire.Framing] for servers and a
// [wire.Protocol] for clients. It is immutable and safe for concurrent use.
type Protocol struct {
	codecs []curlew.Codec // the first is the default
}

// New returns the protocol with the given codecs. A peer chooses among them by
// name; the first is the one used if nobody chooses, and should be protobuf,
// which every peer knows. No codecs means protobuf, JSON and raw bytes.
func New(codecs ...curlew.Codec) *Protocol {
	if len(codecs) == 0 {
		codecs = []curlew.Codec{proto.New(), json.New(), raw.New()}
	}
	return &Protocol{codecs: codecs}
}

// Name returns "native".
func (p *Protocol) Name() string { return "native" }

// ALPN returns the protocol's one ALPN name.
func (p *Protocol) ALPN() []string { return []string{ALPN} }

// Match reports whether prefix begins as a native connection does.
func (p *Protocol) Match(prefix []byte) wire.Match {
	n := min(len(prefix), len(magic))
	switch {
	case string(prefix[:n]) != magic[:n]:
		return wire.No
	case n < len(magic):
		return wire.Maybe
	}
	return wire.Yes
}

// codec returns the codec of the given name, "" for the default.
func (p *Protocol) codec(name string) curlew.Codec {
	if name == "" {
		return p.codecs[0]
	}
	for _, c := range p.codecs {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

func (p *Protocol) tryWriter(raw net.Conn) coalesce.TryWriter {
	if w, ok := transport.NewTryWriter(raw); ok {
		return w
	}
	return nil
}

// Serve serves an accepted connection; see [wire.Framing].
func (p *Protocol) Serve(ctx context.Context, wc *wire.Conn, d wire.Dispatcher) error {
	ended := make(chan error, 1)
	drain := p.Start(ctx, wc, d, func(err error) { ended <- err })
	select {
	case <-wc.Draining:
		drain()
		return <-ended
	case err := <-ended:
		return err
	}
}

// Start is Serve for a [wire.Listener], which keeps no goroutine that waits for
// the end of the connection. When that is there, and all that Start started has
// ended but the goroutine that calls, ended gets what Serve would return. The
// caller calls drain once wc.Draining is closed; it does not wait.
func (p *Protocol) Start(ctx context.Context, wc *wire.Conn, d wire.Dispatcher, ended func(error)) (drain func()) {
	c := newConn(p, wc.Raw, wc.Limits, wc.Logger)
	c.accepted, c.dispatcher, c.draining, c.ended = true, d, wc.Draining, ended
	c.nextID = 2
	peer := *wc.Peer
	peer.Protocol, peer.Back = p.Name(), wire.NewCaller(c)
	c.peer = &peer
	c.begin(ctx, wc.Prefix)
	return c.drain
}

// Connect makes a connection and the handshake; see [wire.Protocol].
func (p *Protocol) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	limits := r.Limits.WithDefaults()
	raw, err := r.DialConn(ctx, ALPN)
	if err != nil {
		return nil, err
	}
	c := newConn(p, raw, limits, r.Logger)
	c.ready, c.away, c.loop = make(chan struct{}), make(chan struct{}), make(chan struct{})
	c.dispatcher, c.draining = r.Services, c.away
	c.ended = func(error) { close(c.loop) }
	c.nextID = 1
	if r.Codec != nil {
		c.codec = r.Codec
	}
	c.peer = &curlew.Peer{Addr: raw.RemoteAddr(), LocalAddr: raw.LocalAddr(), Protocol: p.Name(), TLS: tlsState(raw), Back: wire.NewCaller(c)}
	c.begin(context.Background(), nil)
	select {
	case <-c.ready:
		return c, nil
	case <-c.loop:
		return nil, c.failure().WithProgress(curlew.NotSent)
	case <-ctx.Done():
		err := curlew.Errorf(contextError(ctx).Code(), "handshake with %s: %w", r, context.Cause(ctx)).
			WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
		c.Close(err)
		return nil, err
	}
}
