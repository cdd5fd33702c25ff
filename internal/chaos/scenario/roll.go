// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"log/slog"
	"time"

	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/fleet"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/internal/realservers"
)

func rollEtcd(e *env) { e.roll("etcd://" + realservers.Etcd(e).Addr()) }

func rollConsul(e *env) { e.roll("consul://" + realservers.Consul(e).Addr()) }

// roll restarts one server after the other, each at another address, for as
// long as there are calls.
func (e *env) roll(url string) {
	registry := e.open(url)
	config := fleet.Config{Registry: url, Handle: 2 * time.Millisecond}
	replicas := e.start(size, config)
	for _, r := range replicas {
		r.AwaitRegistered(e)
	}
	c := e.dial(registry.Scheme()+":///"+fleet.Service, client.WithResolver(registry))
	restarts, calls := e.restarting(c, replicas, config)
	e.figure("servers restarted", float64(restarts), "", figure.Bound{})
	e.figure("failed calls", float64(load.Count(calls, load.Failed)), "", figure.AtMost(0))
	e.explain(calls, load.Failed)
}

// restarting makes 100,000 calls by c, and restarts servers meanwhile.
func (e *env) restarting(c *caller, replicas []*fleet.Replica, config fleet.Config) (restarts int, calls []load.Call) {
	number := 100_000.0
	if e.Quick {
		number = 10_000
	}
	const rate = 2500
	// A few more, for arrivals come by chance.
	run := e.load(c, load.Plan{
		Stages: []load.Stage{{Rate: rate, For: time.Duration((number*1.02 + 100) / rate * float64(time.Second))}},
		Writes: 0.5,
	})
	for i := 0; ; i = (i + 1) % len(replicas) {
		select {
		case <-run.Done():
			return restarts, e.finish(c, run)
		case <-time.After(200 * time.Millisecond):
		}
		next := fleet.Start(e, e.Program, config)
		next.AwaitRegistered(e)
		replicas[i].Terminate(e)
		replicas[i] = next
		restarts++
	}
}

// open returns a registry, whose log nobody reads.
func (e *env) open(url string) fleet.Registry {
	registry, err := fleet.OpenRegistry(url, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		e.Fatal(err)
	}
	return registry
}
