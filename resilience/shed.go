// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"math"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// Shed makes a server refuse calls that it could not answer in time, so that it
// goes on answering the others: by the [Concurrency], with a queue, and if it is
// asked to by how long goroutines wait for a processor. Put its Interceptor
// outermost.
type Shed struct {
	// Concurrency bounds the calls that run. Where it has no Queue there is one
	// of ten for each call of Limit, or if that adapts of three for each of
	// Initial.
	Concurrency Concurrency
	// MaxRunDelay is how long goroutines that could run may wait for a processor,
	// in the mean over 100 ms (the runtime's metric /sched/latencies:seconds); 0
	// means that it is not looked at. Above it calls of the lowest priority are
	// refused, after another 100 ms those of the next, and so on but for [High];
	// below its half one after the other comes back.
	MaxRunDelay time.Duration
}

// Check returns what is wrong with s, or nil.
func (s Shed) Check() error {
	if s.MaxRunDelay < 0 {
		return fmt.Errorf("resilience: shed with MaxRunDelay %v; it must not be negative", s.MaxRunDelay)
	}
	return s.concurrency().Check()
}

func (s Shed) concurrency() Concurrency {
	c := s.Concurrency
	if c.Queue == 0 {
		c.Queue = min(3*c.withDefaults().Initial, mostConcurrency)
		if c.Limit > 0 {
			c.Queue = min(10*c.Limit, mostConcurrency)
		}
	}
	return c
}

// New returns the limiter. s must pass its Check.
func (s Shed) New() *Limiter {
	l := s.concurrency().New()
	if s.MaxRunDelay > 0 {
		l.cpu = newCPUGate(s.MaxRunDelay, new(runDelay).since)
	}
	return l
}

const cpuEvery = 100 * time.Millisecond

// cpuGate refuses calls by their priority while goroutines wait for processors.
type cpuGate struct {
	longest time.Duration
	delay   func() time.Duration // the mean wait since it was last asked; one at a time
	start   time.Time
	level   atomic.Int32 // calls of a priority below are refused
	next    atomic.Int64 // when to look again, after start
	mu      sync.Mutex   // guards delay
}

func newCPUGate(longest time.Duration, delay func() time.Duration) *cpuGate {
	delay()
	g := &cpuGate{longest: longest, delay: delay, start: time.Now()}
	g.next.Store(int64(cpuEvery))
	return g
}

// check returns why the call may not run now, or nil.
func (g *cpuGate) check(call *curlew.Call) *curlew.Error {
	now := time.Since(g.start)
	if next := g.next.Load(); int64(now) >= next && g.next.CompareAndSwap(next, int64(now+cpuEvery)) {
		g.look()
	}
	level := g.level.Load()
	if level == 0 {
		return nil
	}
	if p := PriorityOf(call.Header()); int32(p) < level {
		return curlew.Errorf(curlew.ResourceExhausted, "the processors are busy, and its priority is %v", p)
	}
	return nil
}

func (g *cpuGate) look() {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch delay, level := g.delay(), g.level.Load(); {
	case delay > g.longest:
		g.level.Store(min(level+1, int32(High)))
	case delay < g.longest/2:
		g.level.Store(max(level-1, 0))
	}
}

// runDelay reads how long goroutines wait between being able to run and
// running.
type runDelay struct{ counts []uint64 }

// since returns the mean wait since the last call, by the middles of the
// histogram's buckets.
func (d *runDelay) since() time.Duration {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := sample[0].Value.Float64Histogram()
	if len(d.counts) != len(h.Counts) {
		d.counts = make([]uint64, len(h.Counts))
	}
	var sum float64
	var n uint64
	for i, count := range h.Counts {
		low, high := h.Buckets[i], h.Buckets[i+1]
		middle := (low + high) / 2
		if math.IsInf(low, 0) {
			middle = high
		} else if math.IsInf(high, 0) {
			middle = low
		}
		sum += middle * float64(count-d.counts[i])
		n += count - d.counts[i]
		d.counts[i] = count
	}
	if n == 0 {
		return 0
	}
	return time.Duration(sum / float64(n) * float64(time.Second))
}
