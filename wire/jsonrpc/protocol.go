// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"context"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
	"github.com/curlewrpc/curlew/wire/internal/pipeline"
)

const protocolName = "jsonrpc"

// Protocol is JSON-RPC over byte connections: a [wire.Framing] for servers,
// which tells the version of each request, and a [wire.Protocol] for clients,
// which speaks one. It is immutable and safe for concurrent use.
type Protocol struct {
	version Version
}

var (
	_ wire.Framing  = (*Protocol)(nil)
	_ wire.Protocol = (*Protocol)(nil)
)

// New returns the protocol; v is the version that its clients speak.
func New(v Version) *Protocol {
	if v != Version1 {
		v = Version2
	}
	return &Protocol{version: v}
}

// Name returns "jsonrpc".
func (p *Protocol) Name() string { return protocolName }

// ALPN returns nil: the protocol has no name there, and is known by its first
// bytes, under TLS too.
func (p *Protocol) ALPN() []string { return nil }

// Match reports whether prefix begins an object or an array of JSON, after white
// space or not.
func (p *Protocol) Match(prefix []byte) wire.Match {
	i := skip(prefix, 0, white)
	if i == len(prefix) {
		return undecided(prefix)
	}
	next := skip(prefix, i+1, white)
	switch {
	case prefix[i] != '{' && prefix[i] != '[':
		return wire.No
	case next == len(prefix):
		return undecided(prefix)
	case prefix[i] == '{' && prefix[next] != '"' && prefix[next] != '}':
		return wire.No // a gob of 123 bytes, perhaps
	case prefix[i] == '[' && !beginsValue(prefix[next]) && prefix[next] != ']':
		return wire.No
	}
	return wire.Yes
}

// undecided is the verdict on a prefix that is fine so far.
func undecided(prefix []byte) wire.Match {
	if len(prefix) >= wire.MaxSniff {
		return wire.No
	}
	return wire.Maybe
}

// beginsValue reports whether c begins a value.
func beginsValue(c byte) bool {
	switch c {
	case '{', '[', '"', '-', 't', 'f', 'n':
		return true
	}
	return '0' <= c && c <= '9'
}

// Serve serves a connection; see [wire.Framing].
func (p *Protocol) Serve(ctx context.Context, conn *wire.Conn, d wire.Dispatcher) error {
	link := pipeline.NewServer(ctx, conn, protocolName)
	s := &server{host: connection{link}, d: d, limits: conn.Limits}
	return link.Close(s.read(link))
}

// connection is a byte connection as a host.
type connection struct{ *pipeline.Server }

// Send sends an answer on a line of its own.
func (c connection) Send(answer []byte) error {
	if answer == nil {
		return nil
	}
	return c.Server.Send(append(answer, '\n'))
}

// Connect makes a connection; see [wire.Protocol].
func (p *Protocol) Connect(ctx context.Context, r *wire.Remote) (wire.Session, error) {
	if r.Codec != nil {
		return nil, curlew.Errorf(curlew.Unimplemented, "connect to %s: the jsonrpc protocol has an encoding of its own and cannot carry the codec %q", r, r.Codec.Name()).
			WithProgress(curlew.NotSent)
	}
	conn, err := r.DialConn(ctx)
	if err != nil {
		return nil, err
	}
	limits := r.Limits.WithDefaults()
	d := &dialect{version: p.version, in: newReader(conn, limits.MaxHeader, limits.MaxBuffered)}
	return pipeline.NewSession(conn, protocolName, limits, d), nil
}
