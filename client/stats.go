// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
)

// figures count what has happened in a pool.
type figures struct {
	dials, failed     atomic.Int64
	waited, exhausted atomic.Int64
	leaks             atomic.Int64
	served            atomic.Int64 // calls on connections that have ended
	ended             [reasons]atomic.Int64
}

// Stats is a client at one moment.
type Stats struct {
	// Servers are those of the target, by address.
	Servers []ServerStats
	// Methods are those that were called, by name.
	Methods []MethodStats
	// Budget is what retries and hedges have used.
	Budget resilience.BudgetStats
}

// ServerStats is what a client knows of one server. Numbers are of now, or,
// where they say so, since the server became one of the target's.
type ServerStats struct {
	Endpoint discovery.Endpoint
	State    balance.State
	// Unhealthy says that the last health check failed; see [WithHealthChecks].
	Unhealthy bool
	// Connections is how many there are, and InFlight the calls on them; Waiting
	// is how many calls wait for one.
	Connections, InFlight, Waiting int
	// Dials is how many connections were begun since, and FailedDials how many of
	// them came to nothing.
	Dials, FailedDials int64
	// Calls is how many attempts had a connection since, health checks included;
	// Waited how many waited for theirs, so that all others found one that was
	// there; Exhausted how many got none because all were in use.
	Calls, Waited, Exhausted int64
	// Lost, Idle and Expired are the connections since that have failed or were
	// given up by the server, had no calls, or were too old.
	Lost, Idle, Expired int64
	// Leaks is how many calls since were open for longer than Pool.LeakAfter.
	Leaks int64
	// Err is why the last connection could not be made; nil if it could.
	Err error
}

// MethodStats is what a client knows of one method. A pointer is nil where the
// policy has no such thing for it.
type MethodStats struct {
	// Method is the full name.
	Method      string
	Breaker     *resilience.CircuitStats
	Concurrency *resilience.LimiterStats
	// RateRefused is how many calls were too many for the rate, ever.
	RateRefused int64
}

// Breaker is a circuit breaker of a client: of a method, or of a server.
type Breaker struct {
	// Method is the full name of the method; empty for a server's.
	Method string
	// Server is the address of the server; empty for a method's.
	Server  string
	Circuit *resilience.Circuit
}

// Stats returns the client's figures. It takes a while where there are
// thousands of servers.
func (c *Client) Stats() Stats {
	var s Stats
	for _, p := range c.cluster.all() {
		s.Servers = append(s.Servers, p.stats())
	}
	for _, m := range c.guards.all() {
		method := MethodStats{Method: m.name}
		if b := m.chain.breaker; b != nil {
			stats := b.Stats()
			method.Breaker = &stats
		}
		if l := m.chain.limiter; l != nil {
			stats := l.Stats()
			method.Concurrency = &stats
		}
		if r := m.chain.rate; r != nil {
			method.RateRefused = r.Refused()
		}
		s.Methods = append(s.Methods, method)
	}
	c.guards.mu.Lock()
	budget := c.guards.budget.state
	c.guards.mu.Unlock()
	if budget != nil {
		s.Budget = budget.Stats(time.Now())
	}
	return s
}

// Breakers returns the breakers of the methods that were called and of the
// servers, as far as the policy has any. Each may be looked at and set: by
// Force, Reset and Stats of its Circuit.
func (c *Client) Breakers() []Breaker {
	var all []Breaker
	for _, m := range c.guards.all() {
		if b := m.chain.breaker; b != nil {
			all = append(all, Breaker{Method: m.name, Circuit: b})
		}
	}
	for _, p := range c.cluster.all() {
		for _, i := range p.breakers() {
			all = append(all, Breaker{Server: p.remote.String(), Circuit: i.circuit})
		}
	}
	return all
}

// namedChain is how the calls of a method are made now.
type namedChain struct {
	name  string
	chain *chain
}

// all returns how the calls of each method are made that was called, by name.
func (g *guards) all() []namedChain {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]namedChain, 0, len(g.kinds))
	for kind, guard := range g.kinds {
		if ch := guard.chain.Load(); ch != nil {
			all = append(all, namedChain{kind.name, ch})
		}
	}
	slices.SortFunc(all, func(a, b namedChain) int { return cmp.Compare(a.name, b.name) })
	return all
}

// all returns the servers, by address.
func (c *cluster) all() []*pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*pool, 0, len(c.pools))
	for _, p := range c.pools {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pool) int { return cmp.Compare(a.remote.String(), b.remote.String()) })
	return all
}

func (p *pool) stats() ServerStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.figures
	s := ServerStats{
		Endpoint: *p.endpoint.Load(), State: p.State(), Unhealthy: p.unhealthy.Load(),
		Waiting: len(p.waiters), Dials: f.dials.Load(), FailedDials: f.failed.Load(),
		Calls: f.served.Load(), Waited: f.waited.Load(), Exhausted: f.exhausted.Load(),
		Lost: f.ended[lost].Load(), Idle: f.ended[idle].Load(), Expired: f.ended[expired].Load(), Leaks: f.leaks.Load(),
	}
	if p.err != nil {
		s.Err = p.err
	}
	for _, c := range *p.conns.Load() {
		s.Connections++
		s.InFlight += int(max(c.calls.count(), 0))
		s.Calls += c.served.Load()
	}
	return s
}
