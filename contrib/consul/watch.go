// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package consul

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/resilience"
	"github.com/hashicorp/consul/api"
)

const (
	// A query begins this long after the one before has begun, at the least;
	// while each brings something new, the time doubles up to the other.
	leastGap = 50 * time.Millisecond
	mostGap  = 500 * time.Millisecond
	// How long a query waits for a change. Consul adds a sixteenth at most.
	wait = time.Minute
	// How long instances are kept that Consul has lost, beyond the time after
	// which those that live have announced themselves again.
	grace = 3 * time.Second
)

// Watch tells the endpoints of the service that t names. The authority of t, the
// address of an agent, replaces that of the configuration.
func (r *Registry) Watch(ctx context.Context, t discovery.Target) (iter.Seq2[discovery.Update, error], error) {
	if r.err != nil {
		return nil, r.err
	}
	if err := checkName(t.Endpoint); err != nil {
		return nil, err
	}
	return func(yield func(discovery.Update, error) bool) {
		l, err := r.acquire(t.Authority)
		if err != nil {
			yield(discovery.Update{}, err)
			return
		}
		defer l.release()
		w := &watch{link: l, service: t.Endpoint, yield: yield, gap: leastGap}
		w.run(ctx)
	}, nil
}

// watch is one sequence of updates. All of it happens in the goroutine of whoever
// ranges over it.
type watch struct {
	link    *link
	service string
	yield   func(discovery.Update, error) bool

	index  uint64 // of the last answer; 0 asks for an answer at once
	newest uint64 // the same, but kept over failures
	sure   bool   // index is of the Consul that is asked next
	begun  time.Time
	gap    time.Duration

	set    map[identity]discovery.Endpoint // what was told
	kept   map[identity]discovery.Endpoint // what Consul has lost of it
	until  time.Time                       // when that is dropped
	behind bool                            // an error was told since
}

func (w *watch) run(ctx context.Context) {
	w.behind = true
	for failures := 0; ; {
		entries, meta, err := w.query(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == errElsewhere:
			w.index, w.sure = 0, true
			continue
		}
		if err == nil && len(entries) == 0 && meta.ResultsFilteredByACLs {
			err = errors.New("the ACL token does not allow to read it")
		}
		if err != nil {
			failures++
			w.index, w.behind = 0, true
			if !w.yield(discovery.Update{}, w.link.explain(fmt.Sprintf("find %q", w.service), err)) ||
				!resilience.Sleep(ctx, discovery.RetryDelay(failures)) {
				return
			}
			continue
		}
		failures = 0
		if !w.follow(entries, meta) || !w.rest(ctx) {
			return
		}
	}
}

// errElsewhere says that a query that waits for a change would have gone by a new
// connection. It may lead to a Consul whose data is another: after a restart, for
// example. If the index is ahead of that, the query would wait in vain.
var errElsewhere = errors.New("the connection is a new one")

// query waits for a change and returns what is known then.
func (w *watch) query(ctx context.Context) ([]*api.ServiceEntry, *api.QueryMeta, error) {
	w.begun = time.Now()
	q := &api.QueryOptions{WaitIndex: w.index, WaitTime: wait}
	longest := wait + wait/16 + patience
	switch {
	case w.index == 0:
		longest = patience
	case len(w.kept) > 0:
		q.WaitTime = max(time.Second, min(wait, time.Until(w.until)))
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	var elsewhere atomic.Bool
	if w.index > 0 && !w.sure {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				elsewhere.Store(true)
				cancel()
			}
		}})
	}
	if w.index > 0 {
		w.sure = false
	}
	entries, meta, err := w.link.Health().Service(w.service, "", false, q.WithContext(ctx))
	if err != nil && elsewhere.Load() {
		err = errElsewhere
	}
	return entries, meta, err
}

// follow tells what has changed. It returns false if nobody listens any more.
func (w *watch) follow(entries []*api.ServiceEntry, meta *api.QueryMeta) bool {
	set, index := endpoints(entries), meta.LastIndex
	if index < w.newest {
		w.link.registry.logger.Warn("curlew: Consul has lost the data that was known; servers are kept for a while", "agent", w.link.address, "service", w.service)
		w.kept, w.until = maps.Clone(w.set), time.Now().Add(w.link.registry.ttl+grace)
		w.newest = index
	}
	// An index that has gone back, or is zero, would have queries return at
	// once or never.
	w.index = max(1, index)
	w.newest = max(w.newest, w.index)
	if len(w.kept) > 0 {
		w.keep(set)
	}
	changed := w.behind || !maps.EqualFunc(set, w.set, discovery.Endpoint.Equal)
	if !changed {
		w.gap = max(leastGap, w.gap/2)
		return true
	}
	w.gap = min(mostGap, 2*w.gap)
	w.set, w.behind = set, false
	if !w.yield(discovery.Update{Endpoints: inOrder(set)}, nil) {
		return false
	}
	if len(entries) > 0 || w.link.token || meta.DefaultACLPolicy != "deny" {
		return true
	}
	// Consul does not tell strangers whether there is something to be seen.
	return w.yield(discovery.Update{}, w.link.explain(fmt.Sprintf("find %q", w.service),
		errors.New("nothing, which may be since there is no ACL token and the default is to deny")))
}

// keep adds to a set what Consul has lost and does not know again yet.
func (w *watch) keep(set map[identity]discovery.Endpoint) {
	if time.Now().After(w.until) {
		w.kept = nil
		return
	}
	for id := range set {
		delete(w.kept, id)
	}
	maps.Copy(set, w.kept)
}

// rest waits until the next query may begin, and reports whether ctx let it.
func (w *watch) rest(ctx context.Context) bool {
	took := time.Since(w.begun)
	if took > 4*mostGap {
		w.gap = leastGap // it has been quiet
	}
	return resilience.Sleep(ctx, max(0, w.gap-took)+rand.N(leastGap/5))
}
