// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import "fmt"

// faultCases have the registry, or the way to it, fail.
func faultCases() []testCase {
	return []testCase{
		{"dead-server", registrar | line, deadServer},
		{"watcher-cut-off", line, watcherCutOff},
		{"restart", restart, restarted},
		{"wipe", registrar | wipe, wiped},
		{"compact", compact, compacted},
		{"compact-while-cut-off", compact | line, compactedWhileCutOff},
	}
}

// A server that dies without leaving disappears, and comes back by itself if it
// was only cut off.
func deadServer(w *world) {
	v := w.watch(w.near, w.service)
	alive, dead := w.h.Endpoint(1), w.h.Endpoint(2)
	w.register(w.near, alive)
	w.register(w.far, dead)
	v.shows(w.h.Patience, "both endpoints", alive, dead)
	v.never(1)
	w.far.Line.Cut()
	v.shows(w.h.Expiry+w.h.Patience, "the end of a registration whose server does not answer", alive)
	w.far.Line.Mend()
	v.shows(w.h.Expiry+w.h.Patience, "the server that is back", alive, dead)
}

// Who cannot reach the registry is told so, keeps what it knew, and catches up.
func watcherCutOff(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 4)
	leave := w.register(w.far, es[0])
	w.registerAll(w.far, es[1:3])
	v.shows(w.h.Patience, "three endpoints", es[:3]...)
	v.never(3)
	_, errs := v.counts()
	w.near.Line.Cut()
	v.until(w.h.Expiry+w.h.Patience, "an error, since the registry cannot be reached", func() bool { return len(v.errs) > errs })
	leave()
	w.register(w.far, es[3])
	fresh := w.watch(w.near, w.service)
	fresh.never(3)
	fresh.until(w.h.Expiry+w.h.Patience, "an error, since the registry cannot be reached", func() bool { return len(fresh.errs) > 0 })
	w.near.Line.Mend()
	v.shows(w.h.Expiry+w.h.Patience, "what happened while it was cut off", es[1:]...)
	fresh.shows(w.h.Expiry+w.h.Patience, "what it could not know when it began", es[1:]...)
}

// A registry that restarts with its data is no news.
func restarted(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 3)
	w.registerAll(w.far, es[:2])
	v.shows(w.h.Patience, "two endpoints", es[:2]...)
	v.never(2)
	w.h.Restart(w.t)
	w.watch(w.near, w.service).shows(w.h.Expiry+w.h.Patience, "what was registered before the restart", es[:2]...)
	w.register(w.far, es[2])
	v.shows(w.h.Expiry+w.h.Patience, "an endpoint registered after the restart", es...)
}

// What a registry loses is registered again.
func wiped(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 6)
	leave := w.register(w.far, es[0])
	w.registerAll(w.far, es[1:3])
	w.registerAll(w.near, es[3:5])
	v.shows(w.h.Patience, "five endpoints", es[:5]...)
	w.h.Wipe(w.t)
	fresh := w.watch(w.near, w.service)
	fresh.shows(w.h.Expiry+w.h.Patience, "the registrations that the registry had lost", es[:5]...)
	v.shows(w.h.Expiry+w.h.Patience, "the registrations that the registry had lost, if it watched before", es[:5]...)
	w.register(w.far, es[5])
	leave()
	v.shows(w.h.Patience, "what happened after the loss", es[1:]...)
}

func compacted(w *world) {
	v := w.watch(w.near, w.service)
	var last = w.h.Endpoint(0)
	for i := range 3 {
		leave := w.register(w.far, last)
		v.shows(w.h.Patience, fmt.Sprintf("an endpoint after %d compactions", i), last)
		w.h.Compact(w.t)
		leave()
		v.shows(w.h.Patience, "an endpoint that left after a compaction")
		last = w.h.Endpoint(i + 1)
	}
}

// A watcher that has missed what the registry has forgotten lists anew.
func compactedWhileCutOff(w *world) {
	v := w.watch(w.near, w.service)
	es := w.endpoints(1, 5)
	leave := w.register(w.far, es[0])
	w.register(w.far, es[1])
	v.shows(w.h.Patience, "two endpoints", es[:2]...)
	v.never(2)
	w.near.Line.Cut()
	for _, e := range es[2:] {
		w.register(w.far, e)
	}
	leave()
	w.h.Compact(w.t)
	w.near.Line.Mend()
	v.shows(w.h.Expiry+w.h.Patience, "what happened while it was cut off", es[1:]...)
}
