// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Outlier ejects nodes whose calls go wrong from the set of the picker within,
// for a while that grows each time and shrinks again while all goes well. It
// works like Envoy's outlier detection and gRFC A50.
//
// An attempt counts against a server if it ended as unavailable,
// deadline_exceeded, internal or data_loss, or as unknown because the connection
// broke, and the server may have begun it. All other errors are answers of a
// server that works.
//
// If more nodes than MaxEjected would be out, the fault is hardly theirs: then
// all are used, as if none were. So they are if the picker within finds no other
// that is ready. A node that returns is on probation: one failure ejects it
// again.
//
// The zero Outlier is ready for use.
type Outlier struct {
	// Picker chooses among the nodes that are not ejected: a [PeakEWMA].
	Picker Picker
	// Failures is how many failures in a row eject a node: 5. Negative means that
	// no number does.
	Failures int
	// MaxFails and FailTimeout replace Failures if MaxFails is not 0, and mean what
	// they mean to nginx: MaxFails failures within FailTimeout, 10 s, eject a node
	// for FailTimeout, which does not grow.
	MaxFails    int
	FailTimeout time.Duration
	// SuccessRate ejects nodes whose part of good attempts is this many standard
	// deviations, and at least a tenth, below the mean: 1.9. Negative means none.
	SuccessRate float64
	// Latency ejects nodes whose mean latency is this many times the median
	// node's. 0 means none.
	Latency float64
	// Interval is how often success rates and latencies are compared: 10 s. Only
	// nodes with MinCalls attempts in it, 20, are, and only if there are
	// MinServers of them, 5.
	Interval             time.Duration
	MinCalls, MinServers int
	// MaxEjected is the part of the nodes that may be out: a half, but always one
	// of two.
	MaxEjected float64
	// Ejection is for how long a node is out the first time, 10 s; the second time
	// twice as long, and so on up to MaxEjection, 5 min. Each Interval without
	// an ejection takes one back.
	Ejection, MaxEjection time.Duration

	clock clock
	begun atomic.Bool  // there was an update
	wrong error        // with the fields; set once, before begun
	due   atomic.Int64 // the time at which there is something to do
	out   atomic.Int32 // nodes that are ejected; set under mu
	panic atomic.Bool  // ejections are disregarded

	mu      sync.Mutex // guards the rest; picks only try it, feedback locks it to eject
	roster  roster[judged]
	wrapped []Node        // the roster's states
	next    time.Duration // when the next Interval begins
}

// judged is a node as the picker within sees it. What most picks use stands
// first, within a cache line.
type judged struct {
	Node
	outlier  *Outlier
	ejected  atomic.Bool
	row      atomic.Int32               // failures in a row, or since MaxFails' window began
	feedback [2]atomic.Pointer[verdict] // for what is not timed, and for what is
	calls    atomic.Int64               // in this Interval, as the next three

	timed, took, failures atomic.Int64 // took in ns
	window                atomic.Int64 // when that of MaxFails began

	until time.Duration // when the ejection ends; guarded by outlier.mu, as the rest
	times int           // ejections that still count
	gone  bool          // from the set
}

// Unwrap returns the node that the picker around was given.
func (n *judged) Unwrap() Node { return n.Node }

// State implements Node: a node that is ejected cannot be reached.
func (n *judged) State() State {
	if n.ejected.Load() && !n.outlier.panic.Load() {
		return Failing
	}
	return n.Node.State()
}

// verdict is the feedback of an attempt at a node.
type verdict struct {
	node  *judged
	timed bool
	inner Feedback // may be nil
}

func (v *verdict) perNode() {}

func (v *verdict) Done(r Result) {
	if v.inner != nil {
		v.inner.Done(r)
	}
	v.node.outlier.judge(v.node, r, v.timed)
}

// after returns the feedback that tells inner too. It makes one only once for a
// node, if inner is one for a node.
func (n *judged) after(inner Feedback, timed bool) Feedback {
	if _, ok := inner.(perNode); inner != nil && !ok {
		return &verdict{n, timed, inner}
	}
	slot := &n.feedback[0]
	if timed {
		slot = &n.feedback[1]
	}
	v := slot.Load()
	if v == nil || v.inner != inner {
		v = &verdict{n, timed, inner}
		slot.Store(v)
	}
	return v
}

func (o *Outlier) check() error {
	err := errors.Join(
		positive("Outlier.MaxFails", o.MaxFails),
		positive("Outlier.FailTimeout", o.FailTimeout),
		positive("Outlier.Latency", o.Latency),
		positive("Outlier.Interval", o.Interval),
		positive("Outlier.MinCalls", o.MinCalls),
		positive("Outlier.MinServers", o.MinServers),
		part("Outlier.MaxEjected", o.MaxEjected),
		positive("Outlier.Ejection", o.Ejection),
		positive("Outlier.MaxEjection", o.MaxEjection))
	switch {
	case o.MaxFails != 0 && o.Failures != 0:
		err = errors.Join(err, errors.New("balance: Outlier has Failures and MaxFails; set one of them"))
	case o.MaxFails == 0 && o.FailTimeout != 0:
		err = errors.Join(err, errors.New("balance: Outlier.FailTimeout is of no use without MaxFails; or set Ejection"))
	case or(o.MaxEjection, 5*time.Minute) < or(o.Ejection, 10*time.Second):
		err = errors.Join(err, fmt.Errorf("balance: Outlier.MaxEjection %v is below Ejection %v", or(o.MaxEjection, 5*time.Minute), or(o.Ejection, 10*time.Second)))
	}
	return err
}

// Update implements [Picker].
func (o *Outlier) Update(nodes []Node) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.begun.Load() {
		o.wrong = wrong(o.check())
		if o.Picker == nil {
			o.Picker = new(PeakEWMA)
		}
	}
	before := o.roster.states
	for _, n := range o.roster.update(nodes, func(n Node) *judged { return &judged{Node: n, outlier: o} }) {
		n.gone = true
		if n.ejected.Load() {
			o.out.Add(-1)
		}
	}
	o.count()
	if states := o.roster.states; !same(before, states) {
		o.wrapped = make([]Node, len(states))
		for i, n := range states {
			o.wrapped[i] = n
		}
	}
	o.Picker.Update(o.wrapped)
	o.begun.Store(true)
}

// Pick implements [Picker].
func (o *Outlier) Pick(ctx context.Context, info Info) (Pick, error) {
	if !o.begun.Load() {
		return Pick{}, ErrNotReady
	}
	if o.wrong != nil {
		return Pick{}, o.wrong
	}
	if now := o.clock.at(info.Now); now != 0 && int64(now) >= o.due.Load() {
		o.work(now)
	}
	pick, err := o.Picker.Pick(ctx, info)
	if err != nil && errors.Is(err, ErrNotReady) && o.pardon() {
		pick, err = o.Picker.Pick(ctx, info)
	}
	if err != nil {
		return Pick{}, err
	}
	if n, ok := pick.Node.(*judged); ok {
		pick.Node, pick.Feedback = n.Node, n.after(pick.Feedback, timed(info.Call))
	}
	return pick, nil
}

// judge takes an attempt's result into account.
func (o *Outlier) judge(n *judged, r Result, timed bool) {
	now := o.clock.at(r.Now)
	if now == 0 || unserved(r.Err) || n.ejected.Load() {
		return
	}
	n.calls.Add(1)
	if !blames(r.Err) {
		if o.MaxFails == 0 && n.row.Load() != 0 {
			n.row.Store(0)
		}
		if timed && o.Latency > 0 {
			n.timed.Add(1)
			n.took.Add(int64(r.Duration))
		}
		return
	}
	n.failures.Add(1)
	most := o.limit()
	if o.MaxFails != 0 {
		begun := n.window.Load() // 0 before the first failure
		if (begun == 0 || now > time.Duration(begun)+o.failTimeout()) && n.window.CompareAndSwap(begun, int64(now)) {
			n.row.Store(0)
		}
	}
	if row := n.row.Add(1); most > 0 && row >= most {
		o.mu.Lock()
		o.eject(n, now)
		o.mu.Unlock()
	}
}

// limit is the number of failures that ejects a node.
func (o *Outlier) limit() int32 {
	if o.MaxFails != 0 {
		return int32(o.MaxFails)
	}
	return int32(or(o.Failures, 5))
}

func (o *Outlier) failTimeout() time.Duration { return or(o.FailTimeout, 10*time.Second) }

// eject takes n out for a while. mu is held.
func (o *Outlier) eject(n *judged, now time.Duration) {
	if n.gone || n.ejected.Load() {
		return
	}
	n.times++
	span := min(or(o.Ejection, 10*time.Second)*time.Duration(n.times), or(o.MaxEjection, 5*time.Minute))
	if o.MaxFails != 0 {
		span = o.failTimeout()
	}
	n.until = now + span
	n.ejected.Store(true)
	o.out.Add(1)
	o.count()
	o.due.Store(min(o.due.Load(), int64(n.until)))
}

// count decides whether too many are out. mu is held.
func (o *Outlier) count() {
	n := len(o.roster.states)
	most := int(or(o.MaxEjected, 0.5) * float64(n))
	if n > 1 {
		most = max(most, 1)
	}
	o.panic.Store(int(o.out.Load()) > most)
}

// pardon has ejections disregarded until the next change, and reports whether
// that can help: if some are out, perhaps disregarded since the pick began.
func (o *Outlier) pardon() bool {
	if o.out.Load() == 0 {
		return false
	}
	o.panic.Store(true)
	return true
}

// work does what is due: nodes return, and at the end of an Interval they are
// compared. One caller does it; the others go on.
func (o *Outlier) work(now time.Duration) {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	if now >= o.next {
		if o.next != 0 {
			o.compare(now)
		}
		o.next = now + or(o.Interval, 10*time.Second)
	}
	due := o.next
	for _, n := range o.roster.states {
		switch {
		case !n.ejected.Load():
		case now < n.until:
			due = min(due, n.until)
		default:
			n.row.Store(max(o.limit()-1, 0))
			n.window.Store(int64(now))
			n.ejected.Store(false)
			o.out.Add(-1)
		}
	}
	o.count()
	o.due.Store(int64(due))
}

// compare ejects the nodes that did much worse than others in the Interval that
// has ended. mu is held.
func (o *Outlier) compare(now time.Duration) {
	var rates, latencies []float64
	var failing, slow []*judged
	for _, n := range o.roster.states {
		calls, failures := n.calls.Swap(0), n.failures.Swap(0)
		timed, took := n.timed.Swap(0), n.took.Swap(0)
		if n.ejected.Load() {
			continue
		}
		n.times = max(n.times-1, 0)
		least := int64(or(o.MinCalls, 20))
		if calls >= least {
			failing, rates = append(failing, n), append(rates, 1-float64(failures)/float64(calls))
		}
		if timed >= least {
			slow, latencies = append(slow, n), append(latencies, float64(took)/float64(timed))
		}
	}
	least := or(o.MinServers, 5)
	if factor := or(o.SuccessRate, 1.9); factor > 0 && len(rates) >= least {
		mean, deviation := moments(rates)
		for i, n := range failing {
			if rates[i] < mean-max(factor*deviation, leastDifference) {
				o.eject(n, now)
			}
		}
	}
	if o.Latency > 0 && len(latencies) >= least {
		most := o.Latency * median(latencies)
		for i, n := range slow {
			if latencies[i] > most {
				o.eject(n, now)
			}
		}
	}
}

// leastDifference is how far below the mean a success rate must be in any case:
// where all are nearly equal, standard deviations tell of noise.
const leastDifference = 0.1

// moments returns the mean and the standard deviation.
func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)))
}

// median returns the middle one of values, which are not changed.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
