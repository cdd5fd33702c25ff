// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"sync/atomic"

	"github.com/curlewrpc/curlew"
)

// Peers names the peers that a transport gives after the protocol over it. It
// remembers the last, so that the calls of a connection share one. The zero
// value is ready. It is safe for concurrent use.
type Peers struct{ last atomic.Pointer[namedPeer] }

type namedPeer struct {
	of    *curlew.Peer
	named curlew.Peer
}

// Named returns a peer with the name of a protocol; nil for nil.
func (p *Peers) Named(peer *curlew.Peer, protocol string) *curlew.Peer {
	if peer == nil {
		return nil
	}
	if last := p.last.Load(); last != nil && last.of == peer {
		return &last.named
	}
	next := &namedPeer{of: peer, named: *peer}
	next.named.Protocol = protocol
	p.last.Store(next)
	return &next.named
}
