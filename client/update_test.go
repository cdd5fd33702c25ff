// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/assert"
)

// listener is a picker that remembers its last update.
type listener struct{ nodes []balance.Node }

func (l *listener) Update(nodes []balance.Node) { l.nodes = nodes }

func (l *listener) Pick(context.Context, balance.Info) (balance.Pick, error) {
	return balance.Pick{}, balance.ErrNotReady
}

// Whatever changes, the picker has the endpoints in their order, each once, as
// they are now, and a server that stays is the same node.
func TestUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		r, l := newScript(), new(listener)
		c := dial(t, new(network), "script:///greeter", WithResolver(r), WithPicker(func() balance.Picker { return l }))
		known := make(map[string]balance.Node)
		var endpoints []discovery.Endpoint
		for range 1000 {
			endpoints = slices.Clone(endpoints)
			for range 1 + rng.IntN(3) {
				i := rng.IntN(len(endpoints) + 1)
				switch {
				case i == len(endpoints) || rng.IntN(3) == 0 && len(endpoints) < 50:
					endpoints = slices.Insert(endpoints, i, discovery.Endpoint{Address: fmt.Sprintf("a:%d", 1+rng.IntN(80)), Weight: 1 + rng.IntN(3)})
				case rng.IntN(3) == 0:
					endpoints = slices.Delete(endpoints, i, i+1)
				case rng.IntN(2) == 0:
					endpoints[i].Weight = rng.IntN(4) - 1 // -1 is left out
				default:
					j := rng.IntN(len(endpoints))
					endpoints[i], endpoints[j] = endpoints[j], endpoints[i]
				}
			}
			var want []discovery.Endpoint
			for _, e := range endpoints {
				if e.Weight >= 0 && !slices.ContainsFunc(want, func(w discovery.Endpoint) bool { return w.Address == e.Address }) {
					e.Network = "tcp"
					want = append(want, e)
				}
			}
			r.updates <- told{update: discovery.Update{Endpoints: endpoints}}
			synctest.Wait()
			if len(want) == 0 {
				continue // the last good set stays
			}
			now := make(map[string]balance.Node)
			var got []discovery.Endpoint
			for _, n := range l.nodes {
				e := *n.Endpoint()
				got = append(got, e)
				now[e.Address] = n
				if old := known[e.Address]; old != nil && old != n {
					t.Fatal("a server that stays has another node:", e.Address)
				}
			}
			for i := range want { // of two that are the same the last one told counts
				last := want[i]
				for _, e := range endpoints {
					if e.Address == last.Address && e.Weight >= 0 {
						want[i].Weight = e.Weight
					}
				}
			}
			assert.Equal(t, got, want)
			assert.Equal(t, len(c.cluster.pools), len(want), "pools")
			known = now
		}
	})
}

// BenchmarkUpdate changes the weight of one of 5,000 servers, or takes one away
// and puts it back.
func BenchmarkUpdate(b *testing.B) {
	c := dial(b, new(network), "a:1")
	whole := make([]discovery.Endpoint, 5000)
	for i := range whole {
		whole[i] = discovery.Endpoint{Network: "tcp", Address: fmt.Sprintf("10.0.%d.%d:80", i/256, i%256), Weight: 1}
	}
	changed, less := slices.Clone(whole), slices.Delete(slices.Clone(whole), 2500, 2501)
	changed[2500].Weight = 2
	for name, two := range map[string][2][]discovery.Endpoint{"weight": {whole, changed}, "membership": {whole, less}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.cluster.update(discovery.Update{Endpoints: two[i%2]})
			}
		})
	}
}
