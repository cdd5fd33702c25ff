// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
)

// Config is how names are looked up. The zero Config is a good one.
type Config struct {
	// Server is the name server to ask, "10.0.0.53" or "10.0.0.53:5353", unless
	// a target names another. "": those of the system.
	Server string
	// Network is "ip4" or "ip6" for addresses of one family only. "": both.
	Network string
	// MinRefresh and MaxRefresh bound how long an answer counts: 5 seconds and 5
	// minutes.
	MinRefresh, MaxRefresh time.Duration
	// Timeout bounds one look-up: 10 seconds.
	Timeout time.Duration
	// Backoff is the wait after look-ups that fail: from 1 second up to 30.
	Backoff resilience.Backoff
	// Logger gets warnings. nil: slog.Default().
	Logger *slog.Logger
}

// Resolver is a [discovery.Resolver] for the scheme "dns". It is safe for
// concurrent use.
type Resolver struct {
	config Config
	err    error // what is wrong with config

	mu      sync.Mutex // guards the rest
	watches map[*watch]struct{}
}

// New returns a resolver. What is wrong with c is told by Watch.
func New(c Config) *Resolver {
	r := &Resolver{watches: make(map[*watch]struct{})}
	c.MinRefresh = cmp.Or(c.MinRefresh, 5*time.Second)
	c.MaxRefresh = cmp.Or(c.MaxRefresh, max(c.MinRefresh, 5*time.Minute))
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	if c.Backoff == (resilience.Backoff{}) {
		c.Backoff = resilience.Backoff{Fast: -1, Base: time.Second, Max: 30 * time.Second}
	}
	switch {
	case c.MinRefresh < 0 || c.MaxRefresh < c.MinRefresh:
		r.err = fmt.Errorf("dns: MinRefresh %v and MaxRefresh %v are no bounds", c.MinRefresh, c.MaxRefresh)
	case c.Timeout < 0:
		r.err = fmt.Errorf("dns: Timeout %v is negative", c.Timeout)
	case c.Network != "" && c.Network != "ip4" && c.Network != "ip6":
		r.err = fmt.Errorf(`dns: Network %q is neither "ip4" nor "ip6"`, c.Network)
	default:
		r.err = c.Backoff.Check()
	}
	if c.Server != "" && r.err == nil {
		c.Server, r.err = serverAddress(c.Server)
	}
	r.config = c
	return r
}

var _ discovery.Refresher = (*Resolver)(nil)

// Scheme returns "dns".
func (r *Resolver) Scheme() string { return "dns" }

// Watch looks the target's name up, again and again. A name that does not exist,
// or has no address, is told as an update without endpoints and an error that
// says so.
func (r *Resolver) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	if r.err != nil {
		return nil, r.err
	}
	n, err := parse(t)
	if err != nil {
		return nil, fmt.Errorf("dns: target %s: %w", t, err)
	}
	if n.literal {
		e := discovery.Endpoint{Network: "tcp", Address: net.JoinHostPort(n.host, n.port)}
		return func(yield func(discovery.Update, error) bool) {
			yield(discovery.Update{Endpoints: []discovery.Endpoint{e}}, nil)
		}, nil
	}
	n.server = cmp.Or(n.server, r.config.Server)
	return func(yield func(discovery.Update, error) bool) {
		w := &watch{config: &r.config, target: t, wake: make(chan struct{}, 1)}
		w.lookup = func(ctx context.Context) answer { return r.config.lookup(ctx, n) }
		r.mu.Lock()
		r.watches[w] = struct{}{}
		r.mu.Unlock()
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.watches, w)
		}()
		w.run(ctx, yield)
	}, nil
}

// Refresh has watches of the target look its name up now, or as soon as
// MinRefresh allows, since connections fail to what it was resolved to.
func (r *Resolver) Refresh(t discovery.Target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watches {
		if w.target == t {
			select {
			case w.wake <- struct{}{}:
			default: // it is about to look up
			}
		}
	}
}

// name is what a target asks for.
type name struct {
	host    string
	port    string // empty: host has SRV records
	server  string // which name server to ask; empty: those of the system
	literal bool   // host is an address
}

func parse(t discovery.Target) (name, error) {
	n := name{host: t.Endpoint}
	if t.Authority != "" {
		var err error
		if n.server, err = serverAddress(t.Authority); err != nil {
			return n, err
		}
	}
	if strings.HasPrefix(n.host, "_") && !strings.Contains(n.host, ":") {
		labels := strings.Split(strings.TrimSuffix(n.host, "."), ".")
		if len(labels) < 3 || labels[1] != "_tcp" || slices.Contains(labels, "") {
			return n, errors.New("SRV records have names like _grpc._tcp.shop.example")
		}
		return n, nil
	}
	if strings.Contains(t.Endpoint, ",") {
		return n, errors.New("write one name; a resolver looks up one")
	}
	e, err := discovery.ParseEndpoint(t.Endpoint)
	if err == nil && e.Network != "tcp" {
		err = errors.New("a socket has no name")
	}
	if err != nil {
		return n, fmt.Errorf("%w; write dns:///host:port, or dns:///_service._tcp.name for SRV records", err)
	}
	n.host, n.port, err = net.SplitHostPort(e.Address)
	if err != nil {
		return n, err
	}
	if n.host == "" {
		return n, errors.New("the host is missing; write dns:///host:port")
	}
	_, err = netip.ParseAddr(n.host)
	n.literal = err == nil
	return n, nil
}

// serverAddress completes the address of a name server.
func serverAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "53"
	}
	if host == "" || port == "" || strings.ContainsAny(host, " /@") {
		return "", fmt.Errorf("%q is not a name server; write its address, and :port if that is not 53", s)
	}
	return net.JoinHostPort(host, port), nil
}

// watch follows one name.
type watch struct {
	config *Config
	target discovery.Target
	lookup func(ctx context.Context) answer
	wake   chan struct{} // has room for one: look up soon

	warned bool // of a virtual address
}

// answer is what came of a look-up.
type answer struct {
	endpoints []discovery.Endpoint
	ttl       time.Duration // of the records, or of there being none; negative: unknown
	err       error
	missing   bool // the name has no such records, as err says
}

func (w *watch) run(ctx context.Context, yield func(discovery.Update, error) bool) {
	var told []discovery.Endpoint
	first, failures := true, 0
	for ctx.Err() == nil {
		a := w.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		known := a.err == nil || a.missing
		if known && (first || failures > 0 || !slices.EqualFunc(told, a.endpoints, discovery.Endpoint.Equal)) {
			told, first = a.endpoints, false
			if !yield(discovery.Update{Endpoints: told}, nil) {
				return
			}
		}
		if a.err != nil && !yield(discovery.Update{}, a.err) {
			return
		}
		wait := w.expiry(a.ttl, rand.Float64())
		if known {
			failures = 0
			w.warn(told)
		} else {
			failures++
			wait = w.config.Backoff.Delay(failures, rand.Float64())
		}
		w.pause(ctx, wait)
	}
}

func (w *watch) ask(ctx context.Context) answer {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	a := w.lookup(ctx)
	if a.err != nil {
		a.err = fmt.Errorf("dns: %s: %w", w.target, a.err)
	}
	slices.SortFunc(a.endpoints, func(a, b discovery.Endpoint) int { return strings.Compare(a.Address, b.Address) })
	return a
}

// expiry is how long an answer counts: up to a fifth longer than its records, so
// that clients do not all ask at the same time.
func (w *watch) expiry(ttl time.Duration, chance float64) time.Duration {
	const unknown = 30 * time.Second
	if ttl < 0 {
		ttl = unknown
	}
	ttl = min(max(ttl, w.config.MinRefresh), w.config.MaxRefresh)
	return ttl + time.Duration(chance*float64(ttl)/5)
}

// pause waits for d, or until woken, but no shorter than MinRefresh.
func (w *watch) pause(ctx context.Context, d time.Duration) {
	if !resilience.Sleep(ctx, min(d, w.config.MinRefresh)) {
		return
	}
	rest := time.NewTimer(d - min(d, w.config.MinRefresh))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-w.wake:
	case <-ctx.Done():
	}
}

// warn says once that there is nothing to balance over.
func (w *watch) warn(endpoints []discovery.Endpoint) {
	if w.warned || len(endpoints) != 1 || !looksVirtual(w.target.Endpoint, endpoints[0].Address) {
		return
	}
	w.warned = true
	cmp.Or(w.config.Logger, slog.Default()).Warn(
		"curlew: the name has one address, which looks like the virtual one of a Kubernetes service: "+
			"connections stay with the servers that they were made to, and nothing can be balanced; "+
			"make the service headless (clusterIP: None), or watch its EndpointSlices",
		"target", w.target.String(), "address", endpoints[0].Address)
}
