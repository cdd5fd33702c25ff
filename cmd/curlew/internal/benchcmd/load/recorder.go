// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// Bounds of what is kept.
const (
	tick         = 100 * time.Millisecond // the width of an interval at first
	maxIntervals = 240                    // then two become one
	maxSamples   = 1024                   // of one caller, until they are counted
	maxFailures  = 50                     // kinds of failures
	maxLatency   = time.Hour
)

// sample is a call that was answered, or that ran into its deadline.
type sample struct {
	latency, late time.Duration
	method        int32
	failed        bool
}

// desk is where a caller puts its samples.
type desk struct {
	mu             sync.Mutex
	samples        []sample
	sent, received int64
	bytes          int64
	_              [64]byte // desks of several callers do not share a cache line
}

// recorder counts what callers have seen.
type recorder struct {
	run      *run
	schedule Schedule // without the warm-up; nil for a closed loop
	desks    []desk

	mu        sync.Mutex // guards the rest; taken before a desk's, never after
	methods   []methodCount
	current   *hdrhistogram.Histogram // of the interval
	interval  result.Interval
	intervals []result.Interval
	width     time.Duration
	sent      int64
	received  int64
	bytes     int64
	late      lateness
	codes     map[string]int64
	failures  map[failure]int64
	last      time.Time     // when the last call ended
	warm      bool          // the warm-up is over
	cpu       time.Duration // that this process had used when it was
}

type methodCount struct {
	calls, errors int64
	latency       *hdrhistogram.Histogram
}

type lateness struct {
	calls, late int64
	sum, max    time.Duration
}

type failure struct{ code, message string }

func newRecorder(r *run, s Schedule) *recorder {
	rec := &recorder{
		run: r, schedule: s, desks: make([]desk, r.plan.Callers), methods: make([]methodCount, len(r.plan.Methods)),
		current: hdrhistogram.New(1, int64(maxLatency), 2), width: tick,
		codes: make(map[string]int64), failures: make(map[failure]int64), last: r.warm,
		warm: r.plan.Warmup == 0, cpu: cpuTime(),
	}
	for i := range rec.methods {
		rec.methods[i].latency = hdrhistogram.New(1, int64(maxLatency), 3)
	}
	return rec
}

// add counts a call of a caller's.
func (r *recorder) add(caller int, s sample, out Outcome) {
	if s.failed = out.Err != nil; s.failed && !r.fail(s, out.Err) {
		return
	}
	d := &r.desks[caller]
	d.mu.Lock()
	full := len(d.samples) == maxSamples
	d.mu.Unlock()
	if full { // only this caller adds to it
		r.mu.Lock()
		r.clear(d)
		r.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.samples = append(d.samples, s)
	d.sent += int64(out.Sent)
	d.received += int64(out.Received)
	d.bytes += out.Bytes
}

// fail counts a call that failed and reports whether its latency counts.
func (r *recorder) fail(s sample, err error) bool {
	e := curlew.ErrorOf(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	f := failure{e.Code().String(), strings.ToValidUTF8(e.Message(), "?")}
	if _, known := r.failures[f]; !known && len(r.failures) >= maxFailures {
		f.message = "(others)"
	}
	r.failures[f]++
	r.codes[f.code]++
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	r.methods[s.method].calls++
	r.methods[s.method].errors++
	r.interval.Calls++
	r.interval.Errors++
	r.lateBy(s.late)
	r.last = time.Now()
	return false
}

func (r *recorder) lateBy(late time.Duration) {
	r.late.calls++
	r.late.sum += late
	r.late.max = max(r.late.max, late)
	if late > 10*time.Millisecond {
		r.late.late++
	}
}

// clear counts what lies on a desk. The caller holds the recorder's lock.
func (r *recorder) clear(d *desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ok := curlew.OK.String()
	for _, s := range d.samples {
		m := &r.methods[s.method]
		m.calls++
		r.interval.Calls++
		if s.failed {
			m.errors++
			r.interval.Errors++
		} else {
			r.codes[ok]++
		}
		v := int64(min(max(s.latency, 1), maxLatency))
		_ = m.latency.RecordValue(v) // it is in range
		_ = r.current.RecordValue(v)
		if r.schedule != nil {
			r.lateBy(s.late)
		}
	}
	if len(d.samples) > 0 {
		r.last = time.Now()
	}
	r.sent += d.sent
	r.received += d.received
	r.bytes += d.bytes
	d.samples, d.sent, d.received, d.bytes = d.samples[:0], 0, 0, 0
}

// collect counts and cuts intervals until done is closed.
func (r *recorder) collect(done <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for over := false; !over; {
		select {
		case <-ticker.C:
		case <-done:
			over = true
		}
		r.count(over)
		r.run.thrift.look()
		if r.run.plan.Observe != nil {
			r.run.plan.Observe(r.view())
		}
	}
}

// count clears all desks, and ends the interval when it is long enough.
func (r *recorder) count(over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.desks {
		r.clear(&r.desks[i])
	}
	now := time.Since(r.run.warm)
	if !r.warm && now >= 0 {
		r.warm, r.cpu = true, cpuTime()
	}
	if over {
		now = r.last.Sub(r.run.warm)
	}
	begin := time.Duration(r.interval.At * float64(time.Second))
	width := now - begin
	if width > 0 && (over || width >= r.width-tick/2) {
		r.cut(begin, width)
	}
}

// cut ends the interval and begins the next.
func (r *recorder) cut(begin, width time.Duration) {
	i := r.interval
	i.Width = width.Seconds()
	i.Wanted = r.schedule.Rate(begin + width/2)
	i.Latency = result.DistributionOf(r.current)
	r.current.Reset()
	if n := len(r.intervals); n > 0 && width < r.width/2 { // what is left at the end
		r.intervals[n-1] = result.Join(r.intervals[n-1], i)
		return
	}
	r.intervals = append(r.intervals, i)
	if len(r.intervals) == maxIntervals {
		joined := r.intervals[:0]
		for pair := range slices.Chunk(r.intervals, 2) {
			joined = append(joined, result.Join(pair[0], pair[1]))
		}
		r.intervals, r.width = joined, 2*r.width
	}
	r.interval = result.Interval{At: (begin + width).Seconds()}
}

// result is what was counted. Nobody counts any more.
func (r *recorder) result() *result.Result {
	res := &result.Result{
		Format: result.Format, Started: r.run.warm.Round(time.Second).UTC(), Elapsed: r.last.Sub(r.run.warm).Seconds(),
		Sent: r.sent, Received: r.received, Bytes: r.bytes, Codes: r.codes, Intervals: r.intervals,
	}
	all := hdrhistogram.New(1, int64(maxLatency), 3)
	for i, m := range r.methods {
		plan := r.run.plan.Methods[i]
		all.Merge(m.latency)
		res.Calls += m.calls
		res.Errors += m.errors
		res.Methods = append(res.Methods, result.Method{
			Name: plan.Name, Kind: plan.Kind, Weight: max(plan.Weight, 1), Calls: m.calls, Errors: m.errors,
			Latency: result.LatencyOf(result.DistributionOf(m.latency)),
		})
	}
	res.Latency = result.LatencyOf(result.DistributionOf(all))
	if res.Elapsed > 0 {
		res.Rate = float64(res.Calls-res.Errors) / res.Elapsed
	}
	for f, n := range r.failures {
		res.Failed = append(res.Failed, result.Failure{Code: f.code, Message: f.message, Count: n})
	}
	slices.SortFunc(res.Failed, func(a, b result.Failure) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Code+a.Message, b.Code+b.Message)
	})
	if r.schedule != nil {
		res.Behind = &result.Behind{Late: r.late.late, Max: float64(r.late.max) / 1e6}
		if r.late.calls > 0 {
			res.Behind.Mean = float64(r.late.sum) / float64(r.late.calls) / 1e6
		}
	}
	return res
}
