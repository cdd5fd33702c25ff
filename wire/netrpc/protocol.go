// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package netrpc

import (
	"cmp"
	"context"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

const name = "netrpc"

// Protocol is the net/rpc protocol: a [wire.Framing] for servers and a
// [wire.Protocol] for clients. It is immutable and safe for concurrent use.
type Protocol struct {
	path string // of CONNECT; "" for a plain connection
}

var (
	_ wire.Framing  = (*Protocol)(nil)
	_ wire.Protocol = (*Protocol)(nil)
)

// New returns the protocol over plain connections, as rpc.Dial makes them.
func New() *Protocol { return new(Protocol) }

// NewHTTP returns the protocol for clients that reach the server by an HTTP
// CONNECT request for path, as rpc.DialHTTPPath does; "" is [ConnectPath]. As a
// framing it is like New's: the CONNECT is the HTTP server's business, which
// then hands the connection over.
func NewHTTP(path string) *Protocol { return &Protocol{path: cmp.Or(path, ConnectPath)} }

// Name returns "netrpc".
func (p *Protocol) Name() string { return name }

// ALPN returns nil: Go's clients offer no name for the protocol, so it is known
// by its first bytes, under TLS too.
func (p *Protocol) ALPN() []string { return nil }

// Match reports whether prefix begins as a net/rpc connection does: with a
// gob message that defines a type. That is its length, which is often a
// printable character, the type's negative number, and the number of the one
// field set in its description.
func (p *Protocol) Match(prefix []byte) wire.Match {
	first, n := prefix[0], 1
	if first >= 0x80 { // a length above 127, in one or two bytes
		if n = 1 - int(int8(first)); n > 3 {
			return wire.No
		}
	}
	if first < 8 { // no definition is as short as that, and other protocols begin so
		return wire.No
	}
	if len(prefix) <= n {
		return wire.Maybe
	}
	// Users' types have numbers from 64 on: -64 is one byte, the others are a
	// count and at most 32 bits.
	id := prefix[n:]
	octets := 1
	if id[0] != 0x7f {
		if octets = 1 + int(-int8(id[0])); octets < 2 || octets > 5 {
			return wire.No
		}
	}
	if len(id) <= octets {
		return wire.Maybe
	}
	negative, kind := id[octets-1]&1 == 1, id[octets]
	if !negative || kind < 1 || kind > 7 {
		return wire.No
	}
	return wire.Yes
}

// Connect makes a connection; see [wire.Protocol].
func (p *Protocol) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	if r.Codec != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "connect to %s: the netrpc protocol carries gobs only, not the codec %q", r, r.Codec.Name()).
			WithProgress(curlew.NotSent)
	}
	conn, err := r.DialConn(ctx)
	if err != nil {
		return nil, err
	}
	if p.path != "" {
		if err := connect(ctx, conn, p.path); err != nil {
			conn.Close()
			return nil, curlew.Errorf(curlew.Unavailable, "CONNECT %s to %s: %w", p.path, r, err).
				WithOrigin(curlew.OriginTransport).WithProgress(curlew.NotSent)
		}
	}
	return pipeline.NewSession(conn, name, r.Limits, newDialect(conn, r.Limits.WithDefaults())), nil
}

// Serve serves a connection; see [wire.Framing].
func (p *Protocol) Serve(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) error {
	s := newServerConn(ctx, conn, d)
	return s.link.Close(s.read())
}
