// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// view is what a watch has told.
type view struct {
	t      *testing.T
	stop   context.CancelFunc
	ended  chan struct{}
	keeps  func(discovery.Endpoint) discovery.Endpoint
	target discovery.Target

	mu      sync.Mutex // guards the rest
	changed chan struct{}
	first   []discovery.Endpoint
	last    []discovery.Endpoint // sorted
	updates int
	errs    []error
	floor   int    // updates of fewer endpoints are wrong
	wrong   string // what was wrong with an update
	told    []told
}

// told is an update beside a copy of it, to see that nobody changes it.
type told struct{ endpoints, copied []discovery.Endpoint }

// watch follows a service until the test ends, or stop is called.
func (w *world) watch(p Process, service string) *view {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	v := &view{
		t: w.t, stop: cancel, ended: make(chan struct{}), keeps: w.h.Keeps,
		changed: make(chan struct{}), target: w.target(p, service),
	}
	updates, err := p.Resolver.Watch(ctx, v.target)
	if err != nil {
		cancel()
		w.t.Fatalf("Watch of %s: %v", v.target, err)
	}
	go func() { // the cleanup waits for it
		defer close(v.ended)
		for u, err := range updates {
			v.add(u, err)
		}
	}()
	w.views = append(w.views, v)
	w.t.Cleanup(func() {
		v.end(w.h.Patience)
		v.check()
	})
	return v
}

// release allows all updates, since what a case has registered leaves before its
// watches end.
func (w *world) release() {
	for _, v := range w.views {
		v.never(0)
	}
}

// end ends the watch, and fails the test if it goes on.
func (v *view) end(patience time.Duration) {
	v.t.Helper()
	v.stop()
	select {
	case <-v.ended:
	case <-time.After(patience):
		v.t.Errorf("the watch of %s goes on %v after its context has ended", v.target, patience)
	}
}

func (v *view) add(u discovery.Update, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.errs = append(v.errs, err)
	} else {
		v.last = sorted(u.Endpoints)
		if v.updates == 0 {
			v.first = v.last
		}
		v.updates++
		if n := len(v.told); n < 20 {
			v.told = append(v.told, told{u.Endpoints, cloned(u.Endpoints)})
		}
		if len(v.last) < v.floor && v.wrong == "" {
			v.wrong = fmt.Sprintf("an update has %d endpoints, though %d are registered and the registry was away at most", len(v.last), v.floor)
		}
		for i := range v.last {
			if i > 0 && identity(v.last[i]) == identity(v.last[i-1]) {
				v.wrong = fmt.Sprintf("an update has %s twice", v.last[i].Address)
			}
		}
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

// check fails the test if an update was wrong, or was changed after it was told.
func (v *view) check() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.wrong != "" {
		v.t.Errorf("watch of %s: %s", v.target, v.wrong)
	}
	for _, told := range v.told {
		if !slices.EqualFunc(told.endpoints, told.copied, discovery.Endpoint.Equal) {
			v.t.Errorf("watch of %s: an update was changed after it had been told", v.target)
			return
		}
	}
}

// never makes updates wrong that have fewer than n endpoints; 0 allows all.
func (v *view) never(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.floor = n
}

// until waits for a condition, which is called with mu held.
func (v *view) until(within time.Duration, what string, condition func() bool) {
	v.t.Helper()
	over := time.After(within)
	for {
		v.mu.Lock()
		holds, changed := condition(), v.changed
		v.mu.Unlock()
		if holds {
			return
		}
		select {
		case <-changed:
		case <-v.ended:
			v.t.Fatalf("the watch of %s has ended; it should have told of %s; %s", v.target, what, v.state())
		case <-over:
			v.t.Fatalf("the watch of %s has not told of %s within %v; %s", v.target, what, within, v.state())
		}
	}
}

// shows waits until exactly these endpoints are told.
func (v *view) shows(within time.Duration, what string, endpoints ...discovery.Endpoint) {
	v.t.Helper()
	want := v.wanted(endpoints)
	v.until(within, what, func() bool { return v.updates > 0 && equal(v.last, want) })
}

// wanted is what a resolver should tell of endpoints.
func (v *view) wanted(endpoints []discovery.Endpoint) []discovery.Endpoint {
	kept := make([]discovery.Endpoint, len(endpoints))
	for i, e := range endpoints {
		kept[i] = v.keeps(e)
	}
	return sorted(kept)
}

// errors returns how many errors were told, and updates how many updates.
func (v *view) counts() (updates, errors int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.updates, len(v.errs)
}

// state describes what was told, for failures.
func (v *view) state() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "there were %d updates, the last with %d endpoints", v.updates, len(v.last))
	for i, e := range v.last {
		if i == 5 {
			b.WriteString(" …")
			break
		}
		fmt.Fprintf(&b, " %+v", e)
	}
	fmt.Fprintf(&b, ", and %d errors", len(v.errs))
	if n := len(v.errs); n > 0 {
		fmt.Fprintf(&b, ", the last: %v", v.errs[n-1])
	}
	return b.String()
}

func equal(a, b []discovery.Endpoint) bool {
	return slices.EqualFunc(a, b, discovery.Endpoint.Equal)
}

// sorted returns a copy in the order of addresses, in which what means the same
// is written the same.
func sorted(endpoints []discovery.Endpoint) []discovery.Endpoint {
	s := slices.Clone(endpoints)
	for i := range s {
		s[i].Network, s[i].Weight = cmp.Or(s[i].Network, "tcp"), cmp.Or(s[i].Weight, 1)
	}
	slices.SortFunc(s, func(a, b discovery.Endpoint) int { return strings.Compare(identity(a), identity(b)) })
	return s
}

func identity(e discovery.Endpoint) string { return cmp.Or(e.Network, "tcp") + " " + e.Address }

func cloned(endpoints []discovery.Endpoint) []discovery.Endpoint {
	c := slices.Clone(endpoints)
	for i := range c {
		c[i].Labels = maps.Clone(c[i].Labels)
	}
	return c
}
