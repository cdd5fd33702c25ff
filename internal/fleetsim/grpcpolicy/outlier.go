// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package grpcpolicy

import (
	"context"
	"math"
	"time"

	"github.com/curlewrpc/curlew/balance"
)

// OutlierDetection is outlier_detection (A50) with both of its algorithms, which
// are off unless a configuration has them, and their defaults. A server that is
// ejected is not ready for the child policy.
type OutlierDetection struct {
	child   balance.Picker
	entries []*entry
	byNode  map[balance.Node]*entry
	due     time.Time
}

// The defaults of A50.
const (
	interval           = 10 * time.Second
	baseEjectionTime   = 30 * time.Second
	maxEjectionTime    = 300 * time.Second
	maxEjectionPercent = 10

	stdevFactor          = 1.9
	successMinimumHosts  = 5
	successRequestVolume = 100

	failureThreshold     = 85
	failureMinimumHosts  = 5
	failureRequestVolume = 50
)

// entry is what the policy knows of a server.
type entry struct {
	node                balance.Node
	successes, failures int
	good, bad           int // in the interval that has ended
	ejected             bool
	ejectedAt           time.Time
	multiplier          int
}

func (e *entry) volume() int { return e.good + e.bad }

func (e *entry) rate() float64 { return float64(e.good) / float64(e.volume()) }

// NewOutlierDetection returns a policy around another.
func NewOutlierDetection(child balance.Picker) *OutlierDetection {
	return &OutlierDetection{child: child}
}

// Update implements [balance.Picker].
func (p *OutlierDetection) Update(nodes []balance.Node) {
	known := p.byNode
	p.entries, p.byNode = make([]*entry, len(nodes)), make(map[balance.Node]*entry, len(nodes))
	for i, n := range nodes {
		if p.entries[i] = known[n]; p.entries[i] == nil {
			p.entries[i] = &entry{node: n}
		}
		p.byNode[n] = p.entries[i]
	}
	p.pass()
}

// pass gives the child the servers that are not ejected.
func (p *OutlierDetection) pass() {
	var ready []balance.Node
	for _, e := range p.entries {
		if !e.ejected {
			ready = append(ready, e.node)
		}
	}
	p.child.Update(ready)
}

// Pick implements [balance.Picker].
func (p *OutlierDetection) Pick(ctx context.Context, info balance.Info) (balance.Pick, error) {
	switch {
	case p.due.IsZero():
		p.due = info.Now.Add(interval)
	case !info.Now.Before(p.due):
		p.due = info.Now.Add(interval)
		p.sweep(info.Now)
	}
	pick, err := p.child.Pick(ctx, info)
	if e := p.byNode[pick.Node]; err == nil && e != nil {
		pick.Feedback = &counting{e, pick.Feedback}
	}
	return pick, err
}

// counting counts how a call ended.
type counting struct {
	entry *entry
	child balance.Feedback // may be nil
}

// Done implements [balance.Feedback].
func (c *counting) Done(r balance.Result) {
	if r.Err == nil {
		c.entry.successes++
	} else {
		c.entry.failures++
	}
	if c.child != nil {
		c.child.Done(r)
	}
}

// sweep is what the timer of A50 does.
func (p *OutlierDetection) sweep(now time.Time) {
	for _, e := range p.entries {
		e.good, e.bad, e.successes, e.failures = e.successes, e.failures, 0, 0
	}
	p.successRate(now)
	p.failurePercentage(now)
	for _, e := range p.entries {
		span := min(baseEjectionTime*time.Duration(e.multiplier), maxEjectionTime)
		switch {
		case !e.ejected && e.multiplier > 0:
			e.multiplier--
		case e.ejected && now.After(e.ejectedAt.Add(span)):
			e.ejected = false
		}
	}
	p.pass()
}

// full reports whether no more servers may be ejected.
func (p *OutlierDetection) full() bool {
	ejected := 0
	for _, e := range p.entries {
		if e.ejected {
			ejected++
		}
	}
	return ejected*100 >= maxEjectionPercent*len(p.entries)
}

func (e *entry) eject(now time.Time) {
	e.ejected, e.ejectedAt = true, now
	e.multiplier++
}

func (p *OutlierDetection) successRate(now time.Time) {
	hosts, sum := 0, 0.0
	for _, e := range p.entries {
		if e.volume() >= successRequestVolume {
			hosts, sum = hosts+1, sum+e.rate()
		}
	}
	if hosts < successMinimumHosts {
		return
	}
	mean, squares := sum/float64(hosts), 0.0
	for _, e := range p.entries {
		if e.volume() >= successRequestVolume {
			squares += (e.rate() - mean) * (e.rate() - mean)
		}
	}
	least := mean - math.Sqrt(squares/float64(hosts))*stdevFactor
	for _, e := range p.entries {
		if p.full() {
			return
		}
		if !e.ejected && e.volume() >= successRequestVolume && e.rate() < least {
			e.eject(now)
		}
	}
}

func (p *OutlierDetection) failurePercentage(now time.Time) {
	hosts := 0
	for _, e := range p.entries {
		if e.volume() >= failureRequestVolume {
			hosts++
		}
	}
	if hosts < failureMinimumHosts {
		return
	}
	for _, e := range p.entries {
		if p.full() {
			return
		}
		if !e.ejected && e.volume() >= failureRequestVolume && 100*(1-e.rate()) > failureThreshold {
			e.eject(now)
		}
	}
}
