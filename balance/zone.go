// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Zone keeps calls in the client's zone as far as the servers there can take
// them, as Envoy's zone aware routing does. If the zone has at least the share
// of all capacity that it has of all clients, its calls stay. If it has less, the
// part that it can take stays, and the rest goes to the zones that have more
// than they need, in proportion to what they have left. Capacity is the weight
// of the nodes that do not fail and are not ejected by an [Outlier] around; it is
// measured ten times a second.
//
// If no server of the zone that a call should go to is ready, or all have been
// tried, the call goes to the others.
type Zone struct {
	// Local is the client's zone, as in [discovery.Endpoint.Zone]. Required.
	Local string
	// New makes the picker of one zone: [Default].
	New func() Picker
	// Clients says which part of the clients each zone has. If it is nil, all
	// zones that have servers, and Local, have the same.
	Clients map[string]float64
	// Seed makes the choices repeatable if it is not 0, for tests.
	Seed uint64

	source source
	clock  clock
	wrong  error // with the fields; set once, before plan
	plan   atomic.Pointer[zonePlan]
	due    atomic.Int64 // when the capacity is measured again

	mu    sync.Mutex // guards the rest; picks only try it
	zones map[string]*zone
}

// zone is the nodes of one zone.
type zone struct {
	name   string
	nodes  []Node
	picker Picker
	share  float64 // of the capacity
}

// zonePlan says where calls go. Nobody changes it.
type zonePlan struct {
	zones []*zone   // by descending capacity; the local one first
	sums  []float64 // of the parts of the calls that go to the zones up to each
}

// zoneInterval is the time between two measurements of the capacity.
const zoneInterval = 100 * time.Millisecond

func (z *Zone) check() error {
	var err error
	if z.Local == "" {
		err = errors.New("balance: Zone.Local is empty; it must name the client's zone")
	}
	sum := 0.0
	for name, part := range z.Clients {
		if !(part >= 0) || math.IsInf(part, 1) {
			err = errors.Join(err, fmt.Errorf("balance: Zone.Clients[%q] is %v; it must not be negative", name, part))
		}
		sum += part
	}
	if z.Clients != nil && (sum == 0 || z.Clients[z.Local] == 0) {
		err = errors.Join(err, fmt.Errorf("balance: Zone.Clients has no part for the local zone %q", z.Local))
	}
	return err
}

// Update implements [Picker].
func (z *Zone) Update(nodes []Node) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.plan.Load() == nil {
		z.wrong = wrong(z.check())
		z.zones = make(map[string]*zone)
		if z.New == nil {
			z.New = Default
		}
	}
	sorted := make(map[string][]Node)
	for _, n := range nodes {
		name := n.Endpoint().Zone
		sorted[name] = append(sorted[name], n)
	}
	for name := range sorted {
		if z.zones[name] == nil {
			z.zones[name] = &zone{name: name, picker: z.New()}
		}
	}
	zones := make(map[string]*zone, len(sorted))
	for name, old := range z.zones {
		old.picker.Update(sorted[name]) // also if it is empty now: picks may still go there
		if sorted[name] != nil {
			zones[name] = &zone{name: name, nodes: sorted[name], picker: old.picker}
		}
	}
	z.zones = zones
	z.measure()
}

// measure makes a plan by the capacity that there is. mu is held.
func (z *Zone) measure() {
	var zones []*zone
	total := 0.0
	for _, each := range z.zones {
		now := &zone{name: each.name, picker: each.picker}
		for _, n := range each.nodes {
			if n.State() != Failing {
				now.share += weightOf(n)
			}
		}
		total += now.share
		zones = append(zones, now)
	}
	if total > 0 {
		for _, each := range zones {
			each.share /= total
		}
	}
	slices.SortFunc(zones, func(a, b *zone) int {
		if (a.name == z.Local) != (b.name == z.Local) {
			return cmp.Compare(b.rank(z.Local), a.rank(z.Local))
		}
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.name, b.name))
	})
	z.plan.Store(&zonePlan{zones, sumsOf(z.parts(zones))})
}

func (z *zone) rank(local string) int {
	if z.name == local {
		return 1
	}
	return 0
}

// parts returns which part of the calls goes to each zone.
func (z *Zone) parts(zones []*zone) []float64 {
	parts := make([]float64, len(zones))
	clients := z.clients(zones)
	stay, left := 0.0, 0.0
	for i, each := range zones {
		if each.name == z.Local {
			stay = min(1, each.share/clients[each.name])
			parts[i] = stay
		} else {
			parts[i] = max(each.share-clients[each.name], 0)
			left += parts[i]
		}
	}
	for i, each := range zones {
		switch {
		case each.name == z.Local:
		case left > 0:
			parts[i] *= (1 - stay) / left
		default: // no other zone has more than it needs
			parts[i] = (1 - stay) * each.share
		}
	}
	return parts
}

// clients returns which part of the clients each zone has.
func (z *Zone) clients(zones []*zone) map[string]float64 {
	parts := maps.Clone(z.Clients)
	if parts == nil {
		parts = map[string]float64{z.Local: 1}
		for _, each := range zones {
			parts[each.name] = 1
		}
	}
	sum := 0.0
	for _, part := range parts {
		sum += part
	}
	for name := range parts {
		parts[name] /= sum
	}
	return parts
}

// sumsOf returns the sums of the parts up to each.
func sumsOf(parts []float64) []float64 {
	sum := 0.0
	sums := make([]float64, len(parts))
	for i, part := range parts {
		sum += part
		sums[i] = sum
	}
	return sums
}

// Pick implements [Picker].
func (z *Zone) Pick(ctx context.Context, info Info) (Pick, error) {
	if z.plan.Load() == nil {
		return Pick{}, ErrNotReady
	}
	if z.wrong != nil {
		return Pick{}, z.wrong
	}
	if now := int64(z.clock.at(info.Now)); now >= z.due.Load() && z.mu.TryLock() {
		z.measure()
		z.due.Store(now + int64(zoneInterval))
		z.mu.Unlock()
	}
	plan := z.plan.Load()
	first := plan.draw(z.source.next(z.Seed))
	var best Pick
	for i := range plan.zones {
		at := i - 1 // all in order, once the one that was drawn has been asked
		if i == 0 {
			at = first
		} else if at >= first {
			at++
		}
		pick, err := plan.zones[at].picker.Pick(ctx, info)
		switch {
		case err != nil && !errors.Is(err, ErrNotReady):
			best.drop()
			return Pick{}, err
		case err != nil:
		case pick.Node.State() == Ready && !info.WasTried(pick.Node):
			best.drop()
			return pick, nil
		case best.Node == nil:
			best = pick
		default:
			pick.drop()
		}
	}
	if best.Node == nil {
		return Pick{}, ErrNotReady
	}
	return best, nil
}

// draw returns the number of a zone, each as often as its part says.
func (p *zonePlan) draw(random uint64) int {
	if len(p.sums) == 0 {
		return 0
	}
	at := fraction(random) * p.sums[len(p.sums)-1]
	for i, sum := range p.sums {
		if at < sum {
			return i
		}
	}
	return 0
}

// drop takes a pick back.
func (p Pick) drop() {
	if p.Feedback != nil {
		p.Feedback.Done(Result{Err: ErrNotReady})
	}
}
