// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

// scenario is a fleet and what happens to it.
type scenario struct {
	name, title string
	text        string // what happens, and what to look at
	pickers     []string
	columns     []column
	config      sim.Config
	faultEnds   time.Duration // if a fault ends within the run
}

// What most scenarios have in common.
const (
	mean     = 0.02 // seconds of work of a call
	faultAt  = 15 * time.Second
	faultEnd = 40 * time.Second
	surgeEnd = 25 * time.Second
	length   = 60 * time.Second
	coldFor  = 10 * time.Second
)

var (
	spreading = []string{
		"round_robin", "random", "weighted by reports", "least_request", "peak_ewma", "default",
		"grpc round_robin", "grpc weighted_round_robin", "grpc least_request",
	}
	ejecting = []string{
		"round_robin", "weighted by reports", "least_request", "peak_ewma", "default",
		"outlier + round_robin", "outlier + least_request",
		"grpc round_robin", "grpc weighted_round_robin", "grpc least_request",
		"grpc round_robin + outlier", "grpc least_request + outlier",
	}
)

// fleet is that of most scenarios: 40 servers of 4 slots, 20 clients, 70 % load.
func fleet(seed uint64) sim.Config {
	return sim.Config{
		Servers: 40, Slots: 4, Clients: 20, Load: 0.7,
		Work: sim.Lognormal(mean, 1), Mean: mean, Timeout: time.Second,
		From: faultAt, Length: length, Near: 500 * time.Microsecond, Far: 500 * time.Microsecond,
		Seed: seed,
	}
}

// faulty is a fleet in which something befalls the first server for a time.
func faulty(seed uint64, begin, end func(*sim.Server)) sim.Config {
	c := fleet(seed)
	c.Watched, c.WatchFrom, c.WatchTo = 1, faultAt, faultEnd
	c.Setup = func(f *sim.Fleet) {
		f.At(faultAt, func() { begin(f.Servers[0]) })
		f.At(faultEnd, func() { end(f.Servers[0]) })
	}
	return c
}

func scenarios(seed uint64) []scenario {
	return append(calm(seed), append(broken(seed), changing(seed)...)...)
}

// calm are fleets in which nothing breaks.
func calm(seed uint64) []scenario {
	exponential, bimodal, generations, told, many := fleet(seed), fleet(seed), fleet(seed), fleet(seed), fleet(seed)
	exponential.Work = sim.Exponential(mean)
	bimodal.Work = sim.Bimodal(mean, 0.05, 20)
	old := func(weights bool) func(*sim.Fleet) {
		return func(f *sim.Fleet) {
			for i, s := range f.Servers {
				if i%2 == 1 {
					s.Speed = 0.5
				}
				if weights {
					s.Endpoint.Weight = 2 - i%2
				}
			}
		}
	}
	generations.Setup, told.Setup = old(false), old(true)
	many.Clients, many.Slots = 400, 2
	return []scenario{
		{name: "even", title: "Equal servers, exponential work", pickers: append([]string{"pick_first", "grpc pick_first"}, append(spreading, "outlier + least_request")...), columns: plain, config: exponential,
			text: "Nothing is wrong. Pickers differ by how evenly they spread what comes by chance."},
		{name: "lognormal", title: "Equal servers, lognormal work", pickers: spreading, columns: plain, config: fleet(seed),
			text: "The work of calls has a longer tail (σ = 1: one call in a hundred takes six times the mean)."},
		{name: "bimodal", title: "Equal servers, bimodal work", pickers: spreading, columns: plain, config: bimodal,
			text: "One call in twenty takes 20 times as long as the others, so that the latency of one call says little of its server."},
		{name: "generations", title: "Two generations of machines", pickers: spreading, columns: plain, config: generations,
			text: "Every second server has half the speed, and nobody says so. Equal shares are more than the old ones can take."},
		{name: "weights", title: "Two generations, with weights", pickers: append([]string{"weighted"}, spreading...), columns: plain, config: told,
			text: "The same, but discovery tells weights of 2 and 1. (gRPC's policies here do not read those.)"},
		{name: "many-clients", title: "400 clients", pickers: spreading, columns: plain, config: many,
			text: "20 times as many clients, servers of 2 slots: a client sees a fraction of a call in flight at a server, and of each server's latency a sample in several seconds."},
	}
}

// broken are fleets with one server that is not well.
func broken(seed uint64) []scenario {
	slow := faulty(seed, func(s *sim.Server) { s.Speed = 0.05 }, func(s *sim.Server) { s.Speed = 1 })
	fails := faulty(seed, func(s *sim.Server) { s.Failing = 1 }, func(s *sim.Server) { s.Failing = 0 })
	some := faulty(seed, func(s *sim.Server) { s.Failing = 0.3 }, func(s *sim.Server) { s.Failing = 0 })
	hangs := faulty(seed, func(s *sim.Server) { s.Hanging = true }, func(s *sim.Server) { s.Hanging = false })
	two := faulty(seed, func(s *sim.Server) { s.Failing = 1 }, func(s *sim.Server) { s.Failing = 0 })
	two.Servers, two.Clients, two.Load, two.Length = 3, 3, 0.5, 150*time.Second
	surge := fleet(seed)
	surge.Setup = func(f *sim.Fleet) {
		f.At(faultAt, func() { f.SetLoad(1.3) })
		f.At(surgeEnd, func() { f.SetLoad(surge.Load) })
	}
	limited := surge
	limited.Setup = func(f *sim.Fleet) {
		for _, s := range f.Servers {
			s.Limit = 16
		}
		surge.Setup(f)
	}
	return []scenario{
		{name: "one-slow", title: "One of 40 becomes 20 times slower", pickers: append(ejecting, "outlier by latency + round_robin"), columns: withFault, config: slow, faultEnds: faultEnd,
			text: "From 15 s to 40 s, one server works at a twentieth of its speed. A fair share is 2.5 %; it can take 0.125 %."},
		{name: "fails-fast", title: "One of 40 fails fast", pickers: ejecting, columns: withFault, config: fails, faultEnds: faultEnd,
			text: "From 15 s to 40 s, one server answers each call with an error after 1 ms, and so looks idle: the black hole of policies that go by load or latency."},
		{name: "fails-some", title: "One of 40 fails three calls in ten", pickers: ejecting, columns: withFault, config: some, faultEnds: faultEnd,
			text: "The same, but 70 % of the calls are answered well."},
		{name: "hangs", title: "One of 40 hangs", pickers: ejecting, columns: withFault, config: hangs, faultEnds: faultEnd,
			text: "From 15 s to 40 s, one server takes calls and never answers. They end at their deadline, after 1 s."},
		{name: "three", title: "One of 3 fails fast", pickers: ejecting, columns: withFault, config: two, faultEnds: faultEnd,
			text: "A small fleet, in which statistics say little. At 50 % load, what is left of it has 75 % while one is out."},
		{name: "overload", title: "Overload", pickers: ejecting, columns: withSurge, config: surge, faultEnds: surgeEnd,
			text: "From 15 s to 25 s, calls come that need 130 % of what all servers can do. Nothing is wrong with any of them: whoever ejects some makes it worse."},
		{name: "shedding", title: "Overload, and servers that refuse", pickers: ejecting, columns: withSurge, config: limited, faultEnds: surgeEnd,
			text: "The same, but a server refuses calls while 16 wait in its queue, so that those it takes are answered in time. The least part that must fail is 23 % of the calls in the overload."},
	}
}

// changing are fleets that change, are large, or have zones or keys.
func changing(seed uint64) []scenario {
	restart := fleet(seed)
	restart.Load, restart.Watched, restart.WatchFrom, restart.WatchTo = 0.5, 1, faultAt, faultEnd
	restart.Setup = rolling(2 * time.Second)
	flap := fleet(seed)
	flap.Load, flap.Watched, flap.WatchFrom, flap.WatchTo = 0.5, 1, faultAt, faultEnd
	flap.Setup = killed
	zones := fleet(seed)
	zones.Far, zones.Clients = 5*time.Millisecond, 21
	for i := range zones.Servers {
		zones.ServerZones = append(zones.ServerZones, []string{"a", "b", "b", "c", "c"}[i%5])
	}
	for i := range zones.Clients {
		zones.ClientZones = append(zones.ClientZones, []string{"a", "b", "c"}[i%3])
	}
	zones.Watched, zones.WatchFrom, zones.WatchTo = 0, 0, length
	keys := fleet(seed)
	keys.Keys, keys.Length, keys.Load = 2000, 40*time.Second, 0.5
	subsets := fleet(seed)
	subsets.Servers, subsets.Slots, subsets.Clients, subsets.Length = 200, 2, 200, 40*time.Second
	large := fleet(seed)
	large.Servers, large.Slots, large.Clients, large.From, large.Length = 10_000, 1, 16, 3*time.Second, 8*time.Second
	large.Mean, large.Work = 0.1, sim.Exponential(0.1)
	large.Timeout = 5 * time.Second
	return []scenario{
		{name: "rolling", title: "Rolling restart", pickers: append([]string{"slow start + default"}, spreading...), columns: plain, config: restart,
			text: "At 50 % load, every 2 s a server leaves discovery, which clients hear within 1 s, ends, and comes back cold: its speed grows from a fifth to all of it within 10 s."},
		{name: "crashes", title: "Crashes", pickers: append([]string{"slow start + default"}, spreading...), columns: plain, config: flap,
			text: "At 50 % load, every second some server is killed with the calls it has. Clients see that within 50 ms; it comes back cold after 3 s."},
		{name: "zones", title: "Three zones, one too small", pickers: append([]string{"zone + default"}, spreading...), columns: withZones, config: zones,
			text: "A third of the clients is in each zone, but a fifth of the servers is in zone a and two fifths are in each of b and c. A call between zones is on its way for 5 ms, not 0.5."},
		{name: "keys", title: "Hot keys", pickers: []string{"ring_hash", "ring_hash, bounded", "maglev", "maglev, bounded", "default"}, columns: plain, config: keys,
			text: "At 50 % load, calls have one of 2,000 keys, by Zipf's law: the first has about a twentieth of the calls, twice a server's share. Pickers by key keep a key at its server."},
		{name: "subsets", title: "Subsets", pickers: []string{"subset + default", "subset by name + default", "default", "round_robin", "grpc round_robin"}, columns: plain, config: subsets,
			text: "200 clients and 200 servers. With subsets of 20, there are 4,000 connections instead of 40,000. Subsets by number are even; those by name load servers as chance has it."},
		{name: "large", title: "10,000 servers", pickers: []string{"round_robin", "random", "least_request", "peak_ewma", "default", "grpc round_robin", "grpc least_request"}, columns: plain, config: large,
			text: "16 clients, 10,000 servers of one slot, 100 ms of work a call, 70,000 calls a second: a client meets each server once in two seconds."},
	}
}

// rolling restarts one server after the other.
func rolling(every time.Duration) func(*sim.Fleet) {
	return func(f *sim.Fleet) {
		for i, s := range f.Servers {
			s.ColdFor = coldFor
			at := 5*time.Second + time.Duration(i)*every
			f.At(at, func() { f.Tell(i, false, time.Second) })
			f.At(at+3*time.Second, func() { f.Kill(s) })
			f.At(at+4*time.Second, func() { f.Start(s); f.Tell(i, true, time.Second) })
		}
	}
}

// killed kills any server that runs, every second.
func killed(f *sim.Fleet) {
	random := rand.New(rand.NewPCG(7, 7))
	away := make([]bool, len(f.Servers))
	for _, s := range f.Servers {
		s.ColdFor = coldFor
	}
	for at := 5 * time.Second; at < length; at += time.Second {
		i := random.IntN(len(f.Servers))
		f.At(at, func() {
			if away[i] {
				return
			}
			away[i] = true
			f.Kill(f.Servers[i])
			f.Tell(i, false, 50*time.Millisecond)
		})
		f.At(at+3*time.Second, func() {
			if away[i] {
				away[i] = false
				f.Start(f.Servers[i])
				f.Tell(i, true, time.Second)
			}
		})
	}
}
