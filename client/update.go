// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"fmt"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
)

// update replaces the set of servers. Pools of servers that stay, stay. It is
// quick where little has changed, because there may be thousands of servers
// and a thousand updates a second.
func (c *cluster) update(u discovery.Update) {
	if u.Policy != nil {
		c.client.policy.Store(u.Policy)
	}
	c.mu.Lock()
	order, wrong := c.merge(u.Endpoints)
	if len(order) == 0 {
		// An empty set is more often a registry's fault than the truth, and
		// calling the last servers known does no harm.
		c.unknown = fmt.Errorf("the %s of target %s knows no server of it", c.client.resolver(), c.client.target)
		if wrong != nil {
			c.unknown = fmt.Errorf("%w that can be called: %w", c.unknown, wrong)
		}
		c.mu.Unlock()
		c.changed.send()
		return
	}
	c.unknown = nil
	gone := c.replace(order)
	c.present()
	c.mu.Unlock()
	c.changed.send()
	for _, p := range gone {
		p.retire()
	}
	if c.client.settings.pool.MinIdle > 0 {
		for _, p := range order {
			p.warm()
		}
	}
}

// merge returns the pools of the endpoints that can be called, in their order
// and each once, with what is new of them, and what is wrong with the last of
// the others. mu is held.
func (c *cluster) merge(endpoints []discovery.Endpoint) (order []*pool, wrong error) {
	c.updates++
	order = make([]*pool, 0, max(len(endpoints), len(c.order)))
	next := 0 // where the next one probably is in c.order
	for i := range endpoints {
		e := &endpoints[i]
		if err := e.Check(); err != nil {
			c.client.settings.logger.Warn("curlew: endpoint left out", "target", c.client.target, "err", err)
			wrong = err
			continue
		}
		key := poolKey{cmp.Or(e.Network, "tcp"), e.Address}
		var p *pool
		switch {
		case next < len(c.order) && c.order[next].key == key:
			p = c.order[next]
			next++
		case next+1 < len(c.order) && c.order[next+1].key == key: // one is gone
			p = c.order[next+1]
			next += 2
		default:
			p = c.pools[key]
		}
		p = c.refreshed(p, key, e)
		if p.update != c.updates {
			p.update = c.updates
			order = append(order, p)
		}
	}
	return order, wrong
}

// refreshed returns p, or if it is nil a new pool, with what is known of its
// server now. mu is held.
func (c *cluster) refreshed(p *pool, key poolKey, e *discovery.Endpoint) *pool {
	if p != nil {
		same := *e // a copy that costs no memory
		same.Network = key.network
		if p.endpoint.Load().Equal(same) {
			return p
		}
	}
	now := *e
	now.Network = key.network
	if p == nil {
		p = newPool(c, key, &now)
		c.pools[key] = p
	}
	p.endpoint.Store(&now)
	return p
}

// replace makes order the set of servers and returns those that are gone. mu is
// held.
func (c *cluster) replace(order []*pool) (gone []*pool) {
	for _, p := range c.order {
		if p.update != c.updates {
			delete(c.pools, p.key)
			gone = append(gone, p)
		}
	}
	c.order = order
	c.servers.Store(int32(len(order)))
	return gone
}

// present gives the picker the servers that are well, or if there are none all.
// mu is held.
func (c *cluster) present() {
	nodes := make([]balance.Node, 0, len(c.order))
	for _, p := range c.order {
		if !p.unhealthy.Load() {
			nodes = append(nodes, p)
		}
	}
	if len(nodes) == 0 {
		for _, p := range c.order {
			nodes = append(nodes, p)
		}
	}
	c.picker.Update(nodes)
}
