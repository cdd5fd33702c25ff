// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Pool says how many connections a client has to each server, and for how
// long. A zero field means its default.
//
// Most protocols carry many calls on a connection: they need one, and more only
// when it is full. Over HTTP/1.1, and wherever a server lets a connection have
// one call at a time, each call in flight needs a connection of its own; then
// the Pool bounds the calls, too, and those beyond wait, the longest first.
type Pool struct {
	// MaxConnections bounds the connections to each server: 4, or, where each
	// carries one call at a time, as many as wire.Limits.MaxStreams (1,024).
	MaxConnections int
	// MinIdle is the number of connections that are made before a call needs
	// them, and kept when none does: 0. Where each carries one call at a time,
	// connections in use do not count.
	MinIdle int
	// IdleTimeout is how long a connection stays without calls, once it or twice:
	// 1 minute; negative is for ever. The last one that carries many calls, and
	// MinIdle, stay.
	IdleTimeout time.Duration
	// MaxLifetime is how long a connection takes new calls: 0 is for ever. Each
	// one's own time is up to a tenth shorter, by chance, so that not all end
	// together. Its calls go on to their end; the last connection stays until
	// another one is made.
	MaxLifetime time.Duration
	// AcquireTimeout is how long a call waits for a connection that carries one
	// call at a time while all are in use: 0 is until its own deadline. A call
	// that has waited so long is [curlew.ResourceExhausted] and was not sent.
	AcquireTimeout time.Duration
	// MaxWaiters bounds the calls that wait so: 16,384; negative means that none
	// may. One too many is [curlew.ResourceExhausted] and was not sent. Breakers
	// whose Codes have ResourceExhausted count these errors.
	MaxWaiters int
	// LeakAfter has every stream and call that is open for longer logged, once,
	// with where it was opened: 0 is never. To know where costs each call about
	// a microsecond.
	LeakAfter time.Duration
}

const (
	sharedConnections = 4           // by default, where each carries many calls
	idleTimeout       = time.Minute // by default
	maxWaiters        = 16 << 10    // by default
	maxDials          = 32          // to one server at the same time

)

// withDefaults returns p without zeros that mean something else, but for
// MaxConnections, whose default depends on the connections.
func (p Pool) withDefaults() Pool {
	if p.IdleTimeout == 0 {
		p.IdleTimeout = idleTimeout
	}
	if p.MaxWaiters == 0 {
		p.MaxWaiters = maxWaiters
	}
	p.MaxWaiters = max(p.MaxWaiters, 0)
	return p
}

// check returns what is wrong with p, or nil.
func (p Pool) check() error {
	switch {
	case p.MaxConnections < 0:
		return fmt.Errorf("MaxConnections %d is negative", p.MaxConnections)
	case p.MinIdle < 0:
		return fmt.Errorf("MinIdle %d is negative", p.MinIdle)
	case p.MaxConnections > 0 && p.MinIdle > p.MaxConnections:
		return fmt.Errorf("MinIdle %d is more than MaxConnections %d", p.MinIdle, p.MaxConnections)
	case p.MaxLifetime < 0 || p.AcquireTimeout < 0 || p.LeakAfter < 0:
		return errors.New("a time is negative")
	}
	return nil
}

// max is how many connections a pool may have.
func (p *Pool) max(exclusive bool, streams int) int {
	switch {
	case p.MaxConnections > 0:
		return p.MaxConnections
	case exclusive:
		return max(streams, p.MinIdle)
	}
	return max(sharedConnections, p.MinIdle)
}

// lifetime is how long a new connection takes calls.
func (p *Pool) lifetime() time.Duration {
	return p.MaxLifetime - time.Duration(rand.Float64()*float64(p.MaxLifetime)/10)
}
