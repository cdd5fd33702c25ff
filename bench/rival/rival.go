// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rival

import (
	"context"
	"net"
)

// MaxMessage is the largest message that a framework has to carry, in bytes.
const MaxMessage = 2 << 20

// Framework is one way to make calls.
type Framework struct {
	// Name is how results name it: lower case, no spaces.
	Name string
	// About says in one line what it is and how it is set up.
	About string
	// Limit marks what is no framework but a bound for them.
	Limit bool
	// ConnectionPerCaller says that a connection carries one call at a time, so
	// that every caller is given one of its own.
	ConnectionPerCaller bool
	// ForFloors says that only the scenarios in which a floor needs it are of
	// interest.
	ForFloors bool
	// Streams says that Client.Stream works.
	Streams bool

	// Serve serves connections that ln accepts, without end. The service
	// answers a message with a new one that has the same payload, and a stream's
	// request with as many such messages as it asks for.
	Serve func(ln net.Listener) error
	// Dial makes a client with conns connections to addr. They are there, or
	// come with the first call of each.
	Dial func(ctx context.Context, addr string, conns int) (Client, error)
}

// Client makes calls. Its methods may be called concurrently.
type Client interface {
	// Echo makes one call on connection number conn, with a message that it
	// makes around payload, and returns the payload of the reply.
	Echo(ctx context.Context, conn int, payload []byte) ([]byte, error)
	// Stream asks for a stream of count messages with the given payload and
	// gives each one's payload to received.
	Stream(ctx context.Context, conn int, payload []byte, count int, received func([]byte) error) error
	// Close ends the connections.
	Close() error
}
