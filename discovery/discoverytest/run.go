// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/curlewrpc/curlew/discovery"
)

// Run runs the suite, each case as a subtest.
func Run(t *testing.T, h Harness) {
	h = h.withDefaults()
	for _, c := range slices.Concat(plainCases(), faultCases(), scaleCases()) {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t: t, h: h, set: make(map[string]discovery.Endpoint)}
			w.near, w.far = h.Connect(t), h.Connect(t)
			w.service = w.name(c.name)
			if missing := c.needs.missing(w); missing != "" {
				t.Skipf("the harness has no %s", missing)
			}
			c.run(w)
			w.release()
		})
	}
}

// testCase is a case of the suite.
type testCase struct {
	name  string
	needs needs
	run   func(w *world)
}

// needs is what a case needs of a harness beside Connect.
type needs uint

const (
	registrar needs = 1 << iota
	line
	restart
	wipe
	compact
	badTargets
)

// missing names what w lacks, or is empty.
func (n needs) missing(w *world) string {
	for _, need := range []struct {
		what needs
		has  bool
		name string
	}{
		{registrar, w.near.Registrar != nil, "Registrar"},
		{line, w.near.Line != nil, "Line"},
		{restart, w.h.Restart != nil, "Restart"},
		{wipe, w.h.Wipe != nil, "Wipe"},
		{compact, w.h.Compact != nil, "Compact"},
		{badTargets, len(w.h.Bad) > 0, "Bad targets"},
	} {
		if n&need.what != 0 && !need.has {
			return need.name
		}
	}
	return ""
}

// world is what a case works with.
type world struct {
	t         *testing.T
	h         Harness
	near, far Process // one that mostly watches, one that mostly registers
	service   string

	views []*view // of the case's own goroutine

	mu  sync.Mutex // guards the rest
	set map[string]discovery.Endpoint
}

func (w *world) name(what string) string {
	return w.h.Service(fmt.Sprintf("discoverytest-%x-%s", rand.Uint32(), what))
}

func (w *world) target(p Process, service string) discovery.Target {
	if w.h.Target != nil {
		return w.h.Target(service)
	}
	return discovery.Target{Scheme: p.Resolver.Scheme(), Endpoint: service}
}

// endpoints returns n of them, from the i-th on.
func (w *world) endpoints(i, n int) []discovery.Endpoint {
	var es []discovery.Endpoint
	for ; n > 0; n-- {
		es = append(es, w.h.Endpoint(i))
		i++
	}
	return es
}

// register announces e for the case's service, until leave is called or the test
// ends.
func (w *world) register(p Process, e discovery.Endpoint) (leave func()) {
	w.t.Helper()
	if p.Registrar == nil {
		w.change(func() { w.set[identity(e)] = e })
		return func() { w.change(func() { delete(w.set, identity(e)) }) }
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.h.Patience)
	defer cancel()
	away, err := p.Registrar.Register(ctx, w.service, e)
	if err != nil {
		w.t.Errorf("Register %s for %s: %v", e.Address, w.service, err)
		w.t.FailNow()
	}
	leaving := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), w.h.Patience)
		defer cancel()
		return away(ctx)
	}
	w.t.Cleanup(func() { _ = leaving() }) // it may have left, and the registry may be gone
	return func() {
		w.t.Helper()
		if err := leaving(); err != nil {
			w.t.Errorf("leave of %s: %v", e.Address, err)
		}
	}
}

// registerAll registers several at the same time.
func (w *world) registerAll(p Process, endpoints []discovery.Endpoint) (leaveAll func()) {
	w.t.Helper()
	if p.Registrar == nil {
		w.change(func() {
			for _, e := range endpoints {
				w.set[identity(e)] = e
			}
		})
		return func() {
			w.change(func() {
				for _, e := range endpoints {
					delete(w.set, identity(e))
				}
			})
		}
	}
	leaves := make([]func(), len(endpoints))
	inParallel(len(endpoints), func(i int) { leaves[i] = w.register(p, endpoints[i]) })
	if w.t.Failed() {
		w.t.FailNow()
	}
	return func() { inParallel(len(leaves), func(i int) { leaves[i]() }) }
}

// inParallel calls f with 0 to n-1, several at the same time.
func inParallel(n int, f func(i int)) {
	const width = 32
	var work sync.WaitGroup
	for part := range min(width, n) {
		work.Go(func() {
			for i := part; i < n; i += width {
				f(i)
			}
		})
	}
	work.Wait()
}

// change changes what Harness.Set has set.
func (w *world) change(change func()) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	all := slices.SortedFunc(maps.Values(w.set), func(a, b discovery.Endpoint) int {
		return cmp.Compare(identity(a), identity(b))
	})
	w.h.Set(w.t, w.service, all)
}
