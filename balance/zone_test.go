// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/discovery"
)

// zoned returns as many nodes of each zone as it says.
func zoned(counts map[string]int) map[string][]*fake {
	zones := make(map[string][]*fake)
	for zone, n := range counts {
		for range n {
			f := newFake(discovery.Endpoint{Address: zone, Zone: zone})
			zones[zone] = append(zones[zone], f)
		}
	}
	return zones
}

func zoneNodes(zones map[string][]*fake) (nodes []Node) {
	for _, list := range zones {
		nodes = append(nodes, nodesOf(list)...)
	}
	return nodes
}

// zoneShares picks many times and returns the zones' parts.
func zoneShares(t *testing.T, p Picker, now time.Time) map[string]float64 {
	t.Helper()
	const n = 10_000
	shares := make(map[string]float64)
	for range n {
		pick := mustPick(t, p, Info{Now: now})
		shares[pick.Node.Endpoint().Zone] += 1.0 / n
		done(pick, Result{})
	}
	return shares
}

func checkZones(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	for _, zone := range []string{"a", "b", "c", ""} {
		if math.Abs(got[zone]-want[zone]) > 0.02 {
			t.Errorf("%s: zone %q has %.3f of the calls, want %.3f", what, zone, got[zone], want[zone])
		}
	}
}

func TestZoneShares(t *testing.T) {
	type shares = map[string]float64
	for _, test := range []struct {
		name    string
		servers map[string]int
		clients map[string]float64
		want    shares
	}{
		{"even", map[string]int{"a": 4, "b": 4, "c": 4}, nil, shares{"a": 1}},
		{"more than needed here", map[string]int{"a": 8, "b": 4}, nil, shares{"a": 1}},
		// A third of the clients, a sixth of the servers; b has 1/6 left, c none.
		{"half of what is needed", map[string]int{"a": 2, "b": 6, "c": 4}, nil, shares{"a": 0.5, "b": 0.5}},
		// A third of the clients, a tenth of the servers; b has 4/10, c 5/10.
		{"in proportion to what is left", map[string]int{"a": 3, "b": 12, "c": 15}, nil,
			shares{"a": 0.3, "b": 0.7 * (12 - 10) / 7, "c": 0.7 * (15 - 10) / 7}},
		{"none here", map[string]int{"b": 3, "c": 1}, nil, shares{"b": 1}}, // b has 3/4 - 1/3, c less than 1/3
		{"only here", map[string]int{"a": 3}, nil, shares{"a": 1}},
		{"most clients here", map[string]int{"a": 5, "b": 5}, shares{"a": 3, "b": 1}, shares{"a": 2.0 / 3, "b": 1.0 / 3}},
		{"few clients here", map[string]int{"a": 1, "b": 3}, shares{"a": 1, "b": 3}, shares{"a": 1}},
		{"servers of no zone", map[string]int{"a": 1, "": 3}, nil, shares{"a": 0.5, "": 0.5}},
	} {
		p := &Zone{Local: "a", Clients: test.clients, Seed: 1, New: func() Picker { return &LeastRequest{Seed: 1} }}
		p.Update(zoneNodes(zoned(test.servers)))
		checkZones(t, test.name, zoneShares(t, p, start), test.want)
	}
}

func TestZoneSpillsOverWhenServersFail(t *testing.T) {
	p := &Zone{Local: "a", Seed: 1}
	zones := zoned(map[string]int{"a": 4, "b": 4})
	p.Update(zoneNodes(zones))
	checkZones(t, "all are well", zoneShares(t, p, start), map[string]float64{"a": 1})
	zones["a"][0].set(Failing)
	zones["a"][1].set(Failing) // 1/3 of the capacity for half of the clients
	mustPick(t, p, Info{Now: start.Add(time.Second)})
	checkZones(t, "half of the zone fails", zoneShares(t, p, start.Add(time.Second)), map[string]float64{"a": 2.0 / 3, "b": 1.0 / 3})
	zones["a"][2].set(Failing)
	zones["a"][3].set(Failing) // the next pick notices at once
	checkZones(t, "the zone fails", zoneShares(t, p, start.Add(time.Second)), map[string]float64{"b": 1})
	for _, f := range zones["a"] {
		f.set(Ready)
	}
	mustPick(t, p, Info{Now: start.Add(2 * time.Second)})
	checkZones(t, "all are back", zoneShares(t, p, start.Add(2*time.Second)), map[string]float64{"a": 1})
}

// A zone whose servers are ejected has no capacity left.
func TestZoneWithinOutlier(t *testing.T) {
	o := &Outlier{Picker: &Zone{Local: "a", Seed: 1}, Failures: 1}
	zones := zoned(map[string]int{"a": 4, "b": 4})
	o.Update(zoneNodes(zones))
	for range 4 {
		pick := mustPick(t, o, Info{Now: start})
		if zone := pick.Node.Endpoint().Zone; zone != "a" {
			t.Fatalf("zone %q", zone)
		}
		done(pick, Result{Now: start, Err: broken})
	}
	checkZones(t, "ejected", zoneShares(t, o, start), map[string]float64{"b": 1})
}

func TestZoneRetriesElsewhere(t *testing.T) {
	p := &Zone{Local: "a", Seed: 1}
	zones := zoned(map[string]int{"a": 1, "b": 1})
	p.Update(zoneNodes(zones))
	pick := mustPick(t, p, Info{Now: start, Tried: []Node{zones["a"][0]}})
	if pick.Node != zones["b"][0] {
		t.Error("the same server again")
	}
	if n := p.zones["a"].picker.(*Outlier).Picker.(*PeakEWMA).set.Load().members[0].pending.Load(); n != 0 {
		t.Errorf("%d attempts in flight at the server that was not picked", n)
	}
}

func TestZonesComeAndGo(t *testing.T) {
	p := &Zone{Local: "a", Seed: 1}
	zones := zoned(map[string]int{"a": 2, "b": 2, "c": 4})
	for _, have := range [][]string{{"a", "b"}, {"b"}, {"c"}, {"a"}, {"a", "b", "c"}} {
		var nodes []Node
		for _, zone := range have {
			nodes = append(nodes, nodesOf(zones[zone])...)
		}
		p.Update(nodes)
		if got := zoneShares(t, p, start); len(got) == 0 || got[have[0]] == 0 {
			t.Errorf("zones %v: %v", have, got)
		}
	}
}
