// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package curlew

import (
	"context"
	"crypto/tls"
	"net"
)

// Peer is the other end of a call's connection. It is immutable once a call
// carries it, and safe for concurrent use.
type Peer struct {
	// Addr and LocalAddr are the two ends' addresses; nil where there are none.
	Addr, LocalAddr net.Addr
	// Protocol is the name of the protocol that carries the call.
	Protocol string
	// TLS is the state of the TLS connection, nil for plaintext.
	TLS *tls.ConnectionState
	// Back calls services that the peer offers on this connection; nil if its
	// protocol cannot.
	Back Caller
}

// Caller returns a caller for services that the peer offers on the same
// connection. It is valid until that connection ends. If the peer's protocol
// cannot carry calls in this direction, every call fails with [Unimplemented].
func (p *Peer) Caller() Caller {
	if p == nil {
		return noCaller{}
	}
	if p.Back == nil {
		return noCaller{protocol: p.Protocol}
	}
	return p.Back
}

// String returns the address, or the protocol where there is no address.
func (p *Peer) String() string {
	switch {
	case p == nil:
		return "unknown peer"
	case p.Addr != nil:
		return p.Addr.String()
	default:
		return p.Protocol
	}
}

type noCaller struct{ protocol string }

func (n noCaller) Invoke(context.Context, *Method, any, any, ...CallOption) error { return n.err() }

func (n noCaller) Open(context.Context, *Method, ...CallOption) (Stream, error) { return nil, n.err() }

func (n noCaller) err() error {
	protocol := n.protocol
	if protocol == "" {
		protocol = "this"
	}
	return Errorf(Unimplemented, "calls back to the peer: the %s protocol cannot carry them; use native", protocol).WithProgress(NotSent)
}
