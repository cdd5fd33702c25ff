// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// plainCases have nothing fail.
func plainCases() []testCase {
	return []testCase{
		{"unknown", 0, unknown},
		{"comes-and-goes", 0, comesAndGoes},
		{"facts", 0, facts},
		{"change", 0, changes},
		{"late", 0, late},
		{"many-watchers", 0, manyWatchers},
		{"bad-target", badTargets, badTarget},
		{"bad-endpoint", registrar, badEndpoint},
		{"no-patience", registrar, noPatience},
		{"leave", registrar, leaves},
		{"ends", 0, ends},
	}
}

// A name that nobody has registered is told as an update without endpoints.
func unknown(w *world) {
	v := w.watch(w.near, w.service)
	v.until(w.h.Patience, "a service that nobody has registered", func() bool { return v.updates > 0 })
	v.shows(0, "no endpoint")
	e := w.h.Endpoint(1)
	w.register(w.far, e)
	v.shows(w.h.Patience, "its first endpoint", e)
}

func comesAndGoes(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 3)
	var leave []func()
	for i, e := range es {
		leave = append(leave, w.register(w.far, e))
		v.shows(w.h.Patience, "one more endpoint", es[:i+1]...)
	}
	leave[1]()
	v.shows(w.h.Patience, "an endpoint that left", es[0], es[2])
	leave[0]()
	leave[2]()
	v.shows(w.h.Patience, "the last endpoint that left")
	w.register(w.far, es[1])
	v.shows(w.h.Patience, "an endpoint that came back", es[1])
}

// Weight, zone, version and labels arrive as they were given.
func facts(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 3)
	es[0].Weight, es[0].Zone, es[0].Version = 7, "eu-1a", "v1.2.3"
	es[0].Labels = map[string]string{"rack": "Zürich, 7", "tier": "gold"}
	es[1].Weight = 1_000_000
	socket := discovery.Endpoint{Network: "unix", Address: "/run/" + w.service + ".sock"}
	if w.h.Keeps(socket).Network == "unix" && w.far.Registrar != nil {
		es = append(es, socket)
	}
	w.registerAll(w.far, es)
	v.shows(w.h.Patience, "all that is known of the endpoints", es...)
}

// A registration is replaced by another one of the same address.
func changes(w *world) {
	v := w.watch(w.near, w.service)
	e, other := w.h.Endpoint(1), w.h.Endpoint(2)
	w.register(w.far, other)
	first := w.register(w.far, e)
	v.shows(w.h.Patience, "both endpoints", e, other)
	for i := range 3 {
		e.Weight, e.Zone, e.Version = 10+i, "zone-"+string(rune('a'+i)), "v"+string(rune('1'+i))
		e.Labels = map[string]string{"round": string(rune('0' + i))}
		last := w.register(w.far, e)
		v.shows(w.h.Patience, "the change of an endpoint", e, other)
		if w.far.Registrar != nil {
			first() // does nothing
		}
		first = last
	}
	w.watch(w.near, w.service).shows(w.h.Patience, "the endpoint that an earlier leave must not take away", e, other)
	first()
	v.shows(w.h.Patience, "an endpoint that left after it had changed", other)
}

// Who watches late gets everything in one update.
func late(w *world) {
	es := w.endpoints(1, 5)
	w.registerAll(w.far, es)
	v := w.watch(w.near, w.service)
	v.shows(w.h.Patience, "five endpoints", es...)
	v.mu.Lock()
	defer v.mu.Unlock()
	if w.far.Registrar != nil && !equal(v.first, v.wanted(es)) {
		w.t.Errorf("the first update has %d endpoints, though 5 were registered before", len(v.first))
	}
}

// Many watch one service, others another one.
func manyWatchers(w *world) {
	const many = 50
	a, b := w.h.Endpoint(1), w.h.Endpoint(2)
	watchAll := func(service string) []*view {
		views := make([]*view, many)
		for i := range views {
			views[i] = w.watch(w.near, service)
		}
		return views
	}
	other, views := watchAll(w.name("another")), watchAll(w.service)
	w.register(w.far, a)
	for _, v := range views {
		v.shows(w.h.Patience, "an endpoint, as 49 others", a)
	}
	for _, v := range views[:many/2] {
		v.end(w.h.Patience)
	}
	w.register(w.far, b)
	for _, v := range views[many/2:] {
		v.shows(w.h.Patience, "an endpoint, when half of the watchers have ended", a, b)
	}
	for _, v := range other {
		v.shows(w.h.Patience, "no endpoint, since they belong to another service")
		if updates, _ := v.counts(); updates > 5 {
			w.t.Errorf("%d updates of a service to which nothing happened", updates)
		}
	}
}

func badTarget(w *world) {
	for _, target := range w.h.Bad {
		updates, err := w.near.Resolver.Watch(context.Background(), target)
		switch {
		case err == nil:
			w.t.Errorf("Watch takes the target %s (%v)", target, updates != nil)
		case !strings.Contains(err.Error(), target.Endpoint) || !strings.Contains(err.Error(), w.near.Resolver.Scheme()):
			w.t.Errorf("Watch of %s: the error names neither the target nor the resolver, or only one of them: %v", target, err)
		}
	}
}

func badEndpoint(w *world) {
	good := w.h.Endpoint(1)
	negative := good
	negative.Weight = -1
	for _, bad := range []struct {
		service string
		e       discovery.Endpoint
		text    string
	}{
		{"", good, "service"},
		{w.service, discovery.Endpoint{}, "address"},
		{w.service, negative, "weight"},
	} {
		leave, err := w.near.Registrar.Register(context.Background(), bad.service, bad.e)
		if err == nil {
			w.t.Errorf("Register takes the service %q and the endpoint %+v", bad.service, bad.e)
			_ = leave(context.Background())
		} else if !strings.Contains(err.Error(), bad.text) {
			w.t.Errorf("Register of service %q and endpoint %+v: the error does not speak of the %s: %v", bad.service, bad.e, bad.text, err)
		}
	}
}

// A Register whose context has ended leaves nothing behind.
func noPatience(w *world) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	leave, err := w.far.Registrar.Register(ctx, w.service, w.h.Endpoint(1))
	if err == nil {
		w.t.Error("Register succeeds though its context has ended")
		_ = leave(context.Background())
	}
	w.register(w.far, w.h.Endpoint(2))
	w.watch(w.near, w.service).shows(w.h.Patience, "one endpoint, since the other's registration failed", w.h.Endpoint(2))
}

func leaves(w *world) {
	v := w.watch(w.near, w.service)
	e := w.h.Endpoint(1)
	ctx, cancel := context.WithTimeout(context.Background(), 2*w.h.Patience)
	leave, err := w.far.Registrar.Register(ctx, w.service, e)
	cancel() // bounds only the Register
	if err != nil {
		w.t.Fatalf("Register: %v", err)
	}
	v.shows(w.h.Patience, "an endpoint", e)
	for range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), w.h.Patience)
		err := leave(ctx)
		cancel()
		if err != nil {
			w.t.Errorf("leave: %v", err)
		}
	}
	v.shows(w.h.Patience, "an endpoint that left")

	leave, err = w.far.Registrar.Register(context.Background(), w.service, e)
	if err != nil {
		w.t.Fatalf("Register, again: %v", err)
	}
	v.shows(w.h.Patience, "an endpoint that came back", e)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	begin := time.Now()
	_ = leave(over) // it may or may not be an error
	if took := time.Since(begin); took > w.h.Patience {
		w.t.Errorf("leave took %v though its context had ended", took)
	}
	v.shows(w.h.Expiry+w.h.Patience, "an endpoint that left without waiting for the registry")
}

// Watches and registrations that have ended leave no goroutine behind.
func ends(w *world) {
	const rounds = 30
	e := w.h.Endpoint(1)
	round := func() {
		updates, err := w.near.Resolver.Watch(context.Background(), w.target(w.near, w.service))
		if err != nil {
			w.t.Fatalf("Watch: %v", err)
		}
		for range updates {
			break
		}
		w.register(w.far, e)
		v := w.watch(w.near, w.service)
		v.shows(w.h.Patience, "an endpoint", e)
		v.end(w.h.Patience)
	}
	leave := w.register(w.far, e)
	round()
	leave()
	before := runtime.NumGoroutine()
	for range rounds {
		round()
	}
	// Connections that wait to be used again may be a few more.
	const allowed = rounds / 2
	over, tick := time.After(w.h.Patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > before+allowed {
		select {
		case <-tick.C:
		case <-over:
			stacks := make([]byte, 1<<20)
			w.t.Fatalf("%d goroutines before %d watches and registrations, %d after they have ended:\n%s",
				before, 2*rounds, runtime.NumGoroutine(), slices.Clip(stacks[:runtime.Stack(stacks, true)]))
		}
	}
}
