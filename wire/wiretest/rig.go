// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// rig is what a case works with: the protocol under test and, once it serves,
// a server and a client of it with a network between them.
type rig struct {
	*testing.T
	*Protocol
	network network
	kind    curlew.Kind

	// codec and messages are those of the calls. limits and offers, what the
	// client offers to the server, may be set before serve.
	codec    curlew.Codec // nil: the protocol's own
	messages messages
	limits   struct{ server, client wire.Limits }
	offers   handlers

	// ctx bounds the case.
	ctx    context.Context
	cancel context.CancelFunc
	beside sync.WaitGroup // what later began

	line     *line
	server   *serverSide
	client   *clientSide
	caller                        // of client
	clients  map[*clientSide]bool // that are open
	cleanups []func()
}

// patience bounds a case on a real network, and in virtual time.
const (
	patience        = 30 * time.Second
	virtualPatience = 24 * time.Hour
)

// runCase runs one case on a new rig. In a bubble it is the bubble's function.
func runCase(t *testing.T, p *Protocol, tc *testCase, on combination, k curlew.Kind) {
	r := &rig{T: t, Protocol: p, network: on.network, kind: k, codec: on.codec, messages: on.messages}
	r.clients = make(map[*clientSide]bool)
	limit := patience
	if r.network.virtual {
		limit = virtualPatience
	}
	r.ctx, r.cancel = context.WithTimeout(context.Background(), limit)
	defer r.end()
	tc.run(r)
}

// end takes the rig down and waits for all that it started.
func (r *rig) end() {
	for c := range r.clients {
		c.close(r)
	}
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
	r.cancel()
	r.beside.Wait()
	if r.network.virtual {
		synctest.Wait() // what goes on now would never end
	}
}

// atEnd runs f when the case is over, before what began earlier is taken down.
// In a bubble it takes the place of Cleanup.
func (r *rig) atEnd(f func()) { r.cleanups = append(r.cleanups, f) }

// serve starts a server with the handlers, and a client of it.
func (r *rig) serve(h handlers) { r.serveService(r.messages.service(h)) }

func (r *rig) serveService(s *curlew.Service) {
	r.Helper()
	r.line = r.network.open(r.T)
	r.server = r.newServer(s)
	r.client = r.newClient()
	r.caller = r.client.caller
}

// replaceServer starts another server with the handlers, to which the client
// will connect from now on.
func (r *rig) replaceServer(h handlers) {
	r.Helper()
	next := r.network.open(r.T)
	r.line.redirect(next)
	r.line = next
	r.server = r.newServer(r.messages.service(h))
}

// settle waits, in a bubble, until nothing moves but for the passing of time.
func (r *rig) settle() { synctest.Wait() }

// carriedKinds returns how many of the kinds, in their order, are carried.
func (r *rig) carriedKinds() int {
	n := 0
	for _, k := range kinds() {
		if !r.carries(k) {
			break
		}
		n++
	}
	return n
}

// heapGrowth returns by how much f makes the live heap grow.
func (r *rig) heapGrowth(f func()) int64 {
	before := liveHeap()
	f()
	return liveHeap() - before
}

func liveHeap() int64 {
	var m runtime.MemStats
	for range 2 { // pools give up what they hold after two collections
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
