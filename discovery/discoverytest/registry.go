// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// Registry is a registry in memory, for tests. It starts no goroutines and may
// be used inside a testing/synctest bubble. It is safe for concurrent use.
type Registry struct {
	lease time.Duration

	mu       sync.Mutex // guards the rest, and the fields of clients
	away     bool
	services map[string]map[string]entry // by name and identity
	clients  []*Client
	changed  chan struct{} // closed by the next change of anything
}

// NewRegistry returns a registry that keeps for the lease what a client has
// registered that cannot be reached.
func NewRegistry(lease time.Duration) *Registry {
	return &Registry{lease: lease, services: make(map[string]map[string]entry), changed: make(chan struct{})}
}

// entry is what the registry knows of an instance, and from whom.
type entry struct {
	discovery.Endpoint
	owner *Client
}

// Client is what one process has of a [Registry]: a resolver for the scheme
// "mem", a registrar, and the link to the registry. It is safe for concurrent
// use.
type Client struct {
	registry *Registry
	// The registry's mu guards the rest.
	cut        bool
	registered map[registration]*discovery.Endpoint
	timer      *time.Timer // the end of the lease, or the next heartbeat after a loss
}

type registration struct{ service, identity string }

// Connect returns a client with a link of its own.
func (r *Registry) Connect() *Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Client{registry: r, registered: make(map[registration]*discovery.Endpoint)}
	r.clients = append(r.clients, c)
	return c
}

// Stop has the registry not answer, and Start ends that. Leases last meanwhile.
func (r *Registry) Stop() { r.change(func() { r.away = true }) }

// Start ends what Stop began.
func (r *Registry) Start() { r.change(func() { r.away = false }) }

// Wipe has the registry lose all its data. Its clients notice within a third of
// the lease, each at a time of its own.
func (r *Registry) Wipe() {
	r.change(func() {
		clear(r.services)
		for _, c := range r.clients {
			if !c.cut {
				c.after(rand.N(r.lease/3+1), c.announce)
			}
		}
	})
}

// Endpoints returns what is registered for a service, in the order of addresses.
func (r *Registry) Endpoints(service string) []discovery.Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.endpoints(service)
}

func (r *Registry) endpoints(service string) []discovery.Endpoint {
	var es []discovery.Endpoint
	for _, e := range r.services[service] {
		es = append(es, e.Endpoint)
	}
	slices.SortFunc(es, func(a, b discovery.Endpoint) int { return cmp.Compare(identity(a), identity(b)) })
	return es
}

// change changes something and tells all watchers.
func (r *Registry) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

// Cut loses the link. What the client has registered expires with its lease.
func (c *Client) Cut() {
	c.registry.change(func() {
		c.cut = true
		c.after(c.registry.lease, c.forget)
	})
}

// Mend restores the link, and what the client has registered.
func (c *Client) Mend() {
	c.registry.change(func() {
		c.cut = false
		c.announce()
	})
}

// Received is not known.
func (c *Client) Received() int64 { return -1 }

// after has f called, with mu held, instead of what was to be called before.
func (c *Client) after(d time.Duration, f func()) {
	if c.timer != nil {
		c.timer.Stop()
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		c.registry.change(func() {
			if c.timer == timer {
				f()
			}
		})
	})
	c.timer = timer
}

// announce takes the lease up again: what has left meanwhile goes, all else is
// registered anew.
func (c *Client) announce() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.forget()
	for r, e := range c.registered {
		c.put(r.service, *e)
	}
}

// forget is the end of the lease.
func (c *Client) forget() {
	for _, entries := range c.registry.services {
		maps.DeleteFunc(entries, func(_ string, e entry) bool { return e.owner == c })
	}
}

func (c *Client) put(service string, e discovery.Endpoint) {
	entries := c.registry.services[service]
	if entries == nil {
		entries = make(map[string]entry)
		c.registry.services[service] = entries
	}
	entries[identity(e)] = entry{e, c}
}

// unreachable says why the registry cannot be asked, or returns nil.
func (c *Client) unreachable() error {
	switch {
	case c.cut:
		return errors.New("mem: the link to the registry is cut")
	case c.registry.away:
		return errors.New("mem: the registry does not answer")
	}
	return nil
}

// Scheme returns "mem".
func (c *Client) Scheme() string { return "mem" }

// Watch tells the endpoints of the service that the target names.
func (c *Client) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	if t.Authority != "" || t.Endpoint == "" {
		return nil, fmt.Errorf("mem: target %s: write mem:///service", t)
	}
	return func(yield func(discovery.Update, error) bool) {
		var told []discovery.Endpoint
		first, complained := true, false
		for ctx.Err() == nil {
			now, changed, err := c.look(t.Endpoint)
			switch {
			case err != nil && !complained:
				complained = true
				if !yield(discovery.Update{}, err) {
					return
				}
			case err == nil && (first || complained || !equal(told, now)):
				told, first, complained = now, false, false
				if !yield(discovery.Update{Endpoints: now}, nil) {
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}, nil
}

// look returns what the client can see, and a channel that is closed when that
// may have changed.
func (c *Client) look(service string) (now []discovery.Endpoint, changed <-chan struct{}, err error) {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.unreachable(); err != nil {
		return nil, r.changed, err
	}
	return r.endpoints(service), r.changed, nil
}

// Register registers e until leave is called.
func (c *Client) Register(ctx context.Context, service string, e discovery.Endpoint) (leave func(context.Context) error, err error) {
	if service == "" {
		return nil, errors.New("mem: Register needs the name of a service")
	}
	if err := errors.Join(e.Check(), ctx.Err()); err != nil {
		return nil, fmt.Errorf("mem: register for %q: %w", service, err)
	}
	key, own := registration{service, identity(e)}, &e
	c.registry.change(func() {
		if err = c.unreachable(); err == nil {
			c.registered[key] = own
			c.put(service, e)
		}
	})
	if err != nil {
		return nil, err
	}
	return func(context.Context) (err error) {
		c.registry.change(func() {
			if c.registered[key] != own {
				return // it has left, or was replaced
			}
			delete(c.registered, key)
			if err = c.unreachable(); err == nil && c.registry.services[service][key.identity].owner == c {
				delete(c.registry.services[service], key.identity)
			}
		})
		return err
	}, nil
}
