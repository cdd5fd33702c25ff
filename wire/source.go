// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"log/slog"
	"net"

	"github.com/curlewrpc/curlew"
)

// Source produces calls for a server: a listener, or what stands for one.
type Source interface {
	// Serve gives calls to d until ctx ends or Close; then it returns nil. All
	// that it started has ended when it returns.
	Serve(ctx context.Context, d Dispatcher) error
	// Drain asks peers to send no more calls and stops taking new connections.
	// Calls in flight go on. It does not wait.
	Drain()
	// Close ends everything at once.
	Close() error
	// Addr is where the source takes calls; nil if there is no such address.
	Addr() net.Addr
}

// Framing is the server's half of a protocol that owns a byte connection. It
// is safe for concurrent use.
type Framing interface {
	// Name is the protocol's name, "native".
	Name() string
	// ALPN lists the names by which TLS clients choose this framing; may be nil.
	ALPN() []string
	// Match says whether a connection that begins with prefix is this framing's.
	// Maybe asks for more bytes; a framing must decide within [MaxSniff] bytes.
	Match(prefix []byte) Match
	// Serve serves the connection until it ends, and closes it. Once
	// conn.Draining is closed it tells the peer, lets calls in flight finish, and
	// returns. When ctx ends, conn is closed by its owner and Serve returns soon.
	// All that Serve started has ended when it returns.
	Serve(ctx context.Context, conn *Conn, d Dispatcher) error
}

// Match is a framing's verdict on the first bytes of a connection.
type Match uint8

// The verdicts.
const (
	No Match = iota
	Maybe
	Yes
)

// MaxSniff is the number of first bytes within which every framing decides.
const MaxSniff = 64

// Conn is an accepted connection with the bytes already read from it. The two
// are kept apart because a wrapped connection loses writev and readiness.
type Conn struct {
	// Raw is the connection, a *tls.Conn after its handshake under TLS.
	Raw net.Conn
	// Prefix holds the bytes already read. Read drains it first.
	Prefix []byte
	Peer   *curlew.Peer
	Limits Limits // with defaults
	Logger *slog.Logger
	// Draining is closed when the connection should come to its end.
	Draining <-chan struct{}
}

// Read reads the prefix and then the connection.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.Prefix) > 0 {
		n := copy(p, c.Prefix)
		c.Prefix = c.Prefix[n:]
		return n, nil
	}
	return c.Raw.Read(p)
}
