// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discoverytest

import (
	"fmt"
	"slices"
	"time"
)

func scaleCases() []testCase {
	return []testCase{{"thousands", 0, thousands}}
}

// Thousands of instances are found, and one that changes does not cost as much
// as all of them. The figures are logged.
func thousands(w *world) {
	const batch = 100
	many := w.h.Many
	long := 6 * w.h.Patience
	es := w.endpoints(1, many+1+batch)

	begin := time.Now()
	all := es[:many]
	leaveAll := w.registerAll(w.far, all)
	w.t.Logf("%d instances were registered in %v", many, time.Since(begin).Round(time.Millisecond))

	begin, received := time.Now(), w.received()
	v := w.watch(w.near, w.service)
	v.shows(long, "thousands of endpoints", all...)
	whole := w.received() - received
	w.t.Logf("they were listed in %v by %s", time.Since(begin).Round(time.Millisecond), bytes(whole))

	v.never(many)
	begin, received = time.Now(), w.received()
	all = es[:many+1]
	w.register(w.far, es[many])
	v.shows(w.h.Patience, "one more endpoint", all...)
	delta := w.received() - received
	w.t.Logf("one more was known %v after its registration began, by %s", time.Since(begin).Round(100*time.Microsecond), bytes(delta))
	most := w.h.MostDelta
	if most == 0 {
		most = whole / 10
	}
	if most > 0 && delta > most {
		w.t.Errorf("one change among %d instances cost %d bytes, %d at most; all of them cost %d", many, delta, most, whole)
	}

	begin, received = time.Now(), w.received()
	before, _ := v.counts()
	w.registerAll(w.far, es[many+1:])
	v.shows(long, "a hundred more endpoints", es...)
	after, _ := v.counts()
	w.t.Logf("%d more were known after %v, by %d updates and %s", batch, time.Since(begin).Round(time.Millisecond),
		after-before, bytes(w.received()-received))

	v.never(0)
	leaveAll()
	v.shows(long, "thousands of endpoints that left", slices.Clone(es[many:])...)
}

// received is how many bytes the watching process has received, 0 if that is
// not known.
func (w *world) received() int64 {
	if w.near.Line == nil {
		return 0
	}
	return max(0, w.near.Line.Received())
}

// bytes writes a number of bytes, of which 0 means that it is not known.
func bytes(n int64) string {
	if n == 0 {
		return "a number of bytes that is not known"
	}
	return fmt.Sprintf("%d bytes", n)
}
