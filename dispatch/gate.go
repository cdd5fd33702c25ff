// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"sync"
	"sync/atomic"
)

// gate counts the calls inside and, once closed, lets no more in.
type gate struct {
	state atomic.Int64  // twice the calls inside, plus one once closed
	empty chan struct{} // closed when the gate is closed and nobody is inside
	once  sync.Once     // closes empty
}

// enter reports whether the caller is inside; then it must leave.
func (g *gate) enter() bool {
	if g.state.Add(2)&1 == 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.state.Add(-2) == 1 {
		g.finish()
	}
}

func (g *gate) close() {
	if g.state.Or(1) == 0 {
		g.finish()
	}
}

func (g *gate) finish() { g.once.Do(func() { close(g.empty) }) }
