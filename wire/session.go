// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"

	"github.com/curlewrpc/curlew"
)

// Protocol is the client's half of a protocol. It is safe for concurrent use.
type Protocol interface {
	// Name is the protocol's name, "native".
	Name() string
	// Connect makes a session. ctx bounds only the making. The error says which
	// address, and which step failed.
	Connect(ctx context.Context, r *Remote) (Session, error)
}

// Remote is what a client knows of a server that it connects to. A session may
// keep it; nobody changes it.
type Remote struct {
	// Network and Address are given to Dial.
	Network, Address string
	// Authority is the name by which the server is asked for: HTTP's Host.
	Authority string
	// TLS is nil for plaintext. Its NextProtos are set by the protocol.
	TLS *tls.Config
	// Dial makes a connection; never nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Services are what this client offers to the server's handlers; may be nil.
	Services Dispatcher
	// Codec is used for calls that choose none; nil means the protocol's own.
	Codec  curlew.Codec
	Limits Limits
	// Exclusive asks a protocol whose connections carry one call at a time for a
	// session of one connection, with a Capacity of 1: whoever asks has a pool.
	Exclusive bool
	// Logger is never nil.
	Logger *slog.Logger
}

// Session is a client's connection to one server, or what stands for one. It
// is safe for concurrent use.
type Session interface {
	// Open begins a call. For a unary call the request ([curlew.Call.Request])
	// goes out with it. Open waits for room on the connection until ctx ends.
	// Its error tells the progress: NotSent if another session may be tried.
	Open(ctx context.Context, call *curlew.Call) (ClientStream, error)
	// Capacity is how many more calls could begin now without waiting.
	Capacity() int
	// Draining is closed once the session takes no new calls: it failed, was
	// closed, or its server is going away.
	Draining() <-chan struct{}
	// Close ends the session, with it the calls in flight, and waits for its
	// goroutines. The cause, which may be nil, becomes the calls' error.
	Close(cause error) error
}

// ClientStream is one call as its protocol sees it on the client.
//
// For a method with one reply, Receive returns the message once it is known to
// be the only one and the call to have ended well. Close cancels a call that is
// not over: with the cause of the context given to Open, if that has ended.
// After Close, Header and Trailer tell at once what has arrived.
type ClientStream interface {
	curlew.Stream
	// Wait waits until the outcome of a call with one reply is known: header,
	// the undecoded reply and the trailer have arrived. It returns the call's
	// error. After nil, Receive decodes the reply without waiting; Close releases
	// it undecoded. If ctx ends first the call is canceled. For a one-way call
	// Wait returns once the request is flushed.
	Wait(ctx context.Context) error
	// Peer is the server, as far as it is known.
	Peer() *curlew.Peer
}
