// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/policy"
	"github.com/curlewrpc/curlew/resilience"
)

// guards is what protects a client's calls by its policy. What protects a
// method is put together once for each snapshot; what it has learned stays as
// long as the policy says the same of it.
type guards struct {
	client *Client
	known  atomic.Pointer[map[*curlew.Method]*guard] // replaced as a whole, under mu

	mu     sync.Mutex // guards the rest
	kinds  map[kindOfMethod]*guard
	budget kept[resilience.BudgetConfig, resilience.Budget]
}

// kindOfMethod is what methods have in common that are guarded as one.
type kindOfMethod struct {
	name        string
	kind        curlew.Kind
	idempotency curlew.Idempotency
}

// guard is what is learned of one method.
type guard struct {
	chain atomic.Pointer[chain]

	rate        kept[resilience.Rate, resilience.Bucket] // these are guarded by guards.mu
	concurrency kept[resilience.Concurrency, resilience.Limiter]
	breaker     kept[resilience.Breaker, resilience.Circuit]
	hedge       kept[resilience.Hedge, curlew.Interceptor]
	hedgeBudget *resilience.Budget // that hedge takes from
}

// chain is how a method's calls are made under one snapshot.
type chain struct {
	client   *Client
	snapshot *policy.Snapshot
	policy   *policy.Method
	handler  curlew.Handler // from the rate limit to route
	budget   *resilience.Budget
	rate     *resilience.Bucket // nil for none, as the next two
	limiter  *resilience.Limiter
	breaker  *resilience.Circuit
	instance *resilience.Breaker // of each server; nil for none
}

// kept is a state and the configuration that it was made of.
type kept[C comparable, S any] struct {
	config C
	state  *S
}

// get returns the state for a configuration: the same one as long as that is
// equal, and nil for none.
func (k *kept[C, S]) get(config *C, create func(C) *S) *S {
	switch {
	case config == nil:
		*k = kept[C, S]{}
	case k.state == nil || k.config != *config:
		*k = kept[C, S]{*config, create(*config)}
	}
	return k.state
}

// maxGuards bounds the methods of which something is known. One more, and all
// begin anew.
const maxGuards = 4096

// chain returns how a call of m that begins now is made.
func (g *guards) chain(m *curlew.Method) *chain {
	if known := g.known.Load(); known != nil {
		if guard := (*known)[m]; guard != nil {
			if ch := guard.chain.Load(); ch != nil && ch.snapshot == g.client.policy.Load() {
				return ch
			}
		}
	}
	return g.compose(m)
}

// compose puts a method's chain together, if nobody has meanwhile.
func (g *guards) compose(m *curlew.Method) *chain {
	g.mu.Lock()
	defer g.mu.Unlock()
	snapshot := g.client.policy.Load()
	guard := g.guard(m)
	if ch := guard.chain.Load(); ch != nil && ch.snapshot == snapshot {
		return ch
	}
	p := snapshot.Method(m)
	config := snapshot.Budget()
	ch := &chain{client: g.client, snapshot: snapshot, policy: p, budget: g.budget.get(&config, resilience.NewBudget)}
	var around []curlew.Interceptor
	if ch.rate = guard.rate.get(p.Rate, resilience.Rate.New); ch.rate != nil {
		around = append(around, ch.rate.Interceptor())
	}
	if ch.limiter = guard.concurrency.get(p.Concurrency, resilience.Concurrency.New); ch.limiter != nil {
		around = append(around, ch.limiter.Interceptor())
	}
	if ch.breaker = guard.breaker.get(p.Breaker, resilience.Breaker.New); ch.breaker != nil {
		around = append(around, ch.breaker.Interceptor())
	}
	if p.InstanceBreaker != nil && !p.InstanceBreaker.Off {
		ch.instance = p.InstanceBreaker
	}
	around = append(around, guard.again(p, ch.budget))
	ch.handler = curlew.Chain(ch.route, around...)
	guard.chain.Store(ch)
	return ch
}

// again returns what makes further attempts: by default retries of what is
// safe. guards.mu is held.
func (g *guard) again(p *policy.Method, budget *resilience.Budget) curlew.Interceptor {
	if p.Hedge != nil && !p.Hedge.Off {
		if g.hedgeBudget != budget {
			g.hedge = kept[resilience.Hedge, curlew.Interceptor]{}
		}
		g.hedgeBudget = budget
		return *g.hedge.get(p.Hedge, func(h resilience.Hedge) *curlew.Interceptor {
			interceptor := h.Interceptor(budget)
			return &interceptor
		})
	}
	var retry resilience.Retry
	if p.Retry != nil {
		retry = *p.Retry
	}
	return retry.Interceptor(budget)
}

// guard returns what is known of a method. mu is held.
func (g *guards) guard(m *curlew.Method) *guard {
	kind := kindOfMethod{m.FullName(), m.Kind(), m.Idempotency()}
	own := g.kinds[kind]
	if own == nil {
		if len(g.kinds) >= maxGuards || g.kinds == nil {
			g.kinds = make(map[kindOfMethod]*guard)
		}
		own = new(guard)
		g.kinds[kind] = own
	}
	old := g.known.Load()
	if old != nil && (*old)[m] == own {
		return own
	}
	known := make(map[*curlew.Method]*guard)
	if old != nil && len(*old) < maxMethods {
		for m, guard := range *old {
			if g.kinds[kindOfMethod{m.FullName(), m.Kind(), m.Idempotency()}] == guard {
				known[m] = guard
			}
		}
	}
	known[m] = own
	g.known.Store(&known)
	return own
}

// run makes a call by a chain, within the client's call interceptors.
func (ch *chain) run(ctx context.Context, call *curlew.Call) error {
	if len(ch.client.settings.calls) == 0 {
		return ch.handler(ctx, call)
	}
	return ch.client.handler(context.WithValue(ctx, chainKey{}, ch), call)
}

// chainKey is the key under which a call's context has its chain, so that the
// interceptors between do not make it use two snapshots.
type chainKey struct{}

// guarded is what the client's call interceptors are around.
func (c *Client) guarded(ctx context.Context, call *curlew.Call) error {
	ch, ok := ctx.Value(chainKey{}).(*chain)
	if !ok || ch.client != c { // an interceptor has a context of its own, or calls another client
		ch = c.guards.chain(call.Method())
	}
	return ch.handler(ctx, call)
}
