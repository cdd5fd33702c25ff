// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"math"
	"time"
)

// Concurrency bounds how many calls run at the same time: on a client those of
// a method, so that one that hangs does not take all resources (a bulkhead); on
// a server those that it works on.
//
// A fixed Limit fits where capacity is known. Without one the limit adapts to
// the measured duration of calls: durations that grow while more calls run mean
// a queue somewhere below. It is the gradient of Netflix's concurrency-limits
// with the lowest duration measured as in Envoy's adaptive concurrency filter:
// every 100 ms the limit becomes
//
//	limit × (lowest × 1.25 ÷ mean, from 0.5 to 1) + √limit
//
// where it grows half-way only, and not while less than nine tenths of it are
// used. The lowest duration is that of 20 calls beside which no more than Min
// ran. If there were none for a minute (±20 %), the limit is lowered to Min until
// there are, but not for longer than half a second or three calls take.
//
// Calls above the limit wait if there is a Queue, those of higher [Priority]
// first. A call is refused at once when the queue is full of calls that are as
// important, and when its deadline would pass before it could be done: the wait
// by the calls before it, and the time that calls usually take. Calls of one
// priority are served in order, and wait for MaxWait at most. When for an
// Interval none of them waited for less than Target, or the queue is full, there
// is overload: then the newest is served first, since its caller still waits,
// and what has waited for longer than Target is refused (the controlled delay
// and adaptive LIFO of "Fail at Scale", ACM Queue 13-8, with priorities as in
// WeChat's DAGOR). It ends when calls find free places again.
//
// A refused call fails with [curlew.ResourceExhausted]. On a server its progress
// is [curlew.Refused] and the trailer says when to try again; on a client it is
// [curlew.NotSent].
type Concurrency struct {
	// Off means no limit, against a wider rule.
	Off bool
	// Limit is how many calls run at once; 0 means that it adapts.
	Limit int
	// Min and Max bound a limit that adapts: 4 and 1000. Initial is where it
	// begins: 20.
	Min, Max, Initial int
	// Queue is how many calls may wait; 0 is none.
	Queue int
	// MaxWait is how long a call may wait: 100 ms.
	MaxWait time.Duration
	// Target is how long a call may wait in overload: half of what calls take,
	// and 1 ms at least.
	Target time.Duration
	// Interval is for how long no wait must have been shorter than Target to mean
	// overload: twenty times what calls take, from 50 ms to 1 s.
	Interval time.Duration
}

const mostConcurrency = 1_000_000

// Check returns what is wrong with c, or nil.
func (c Concurrency) Check() error {
	switch {
	case c.Limit < 0 || c.Limit > mostConcurrency:
		return fmt.Errorf("resilience: concurrency with Limit %d; it must be from 1 to %d, or 0 to adapt", c.Limit, mostConcurrency)
	case c.Limit > 0 && (c.Min != 0 || c.Max != 0 || c.Initial != 0):
		return fmt.Errorf("resilience: concurrency with the fixed Limit %d, and with Min, Max or Initial for one that adapts; choose", c.Limit)
	case c.Queue < 0 || c.Queue > mostConcurrency:
		return fmt.Errorf("resilience: concurrency with Queue %d; it must be from 0 to %d", c.Queue, mostConcurrency)
	case c.MaxWait < 0 || c.Target < 0 || c.Interval < 0:
		return fmt.Errorf("resilience: concurrency with a negative time (MaxWait %v, Target %v, Interval %v)", c.MaxWait, c.Target, c.Interval)
	case c.Queue == 0 && (c.MaxWait != 0 || c.Target != 0 || c.Interval != 0):
		return fmt.Errorf("resilience: concurrency with times for a queue, and no Queue")
	}
	d := c.withDefaults()
	switch {
	case d.Limit == 0 && !(1 <= d.Min && d.Min <= d.Initial && d.Initial <= d.Max && d.Max <= mostConcurrency):
		return fmt.Errorf("resilience: concurrency with Min %d, Initial %d and Max %d, which must be in that order, from 1 to %d", d.Min, d.Initial, d.Max, mostConcurrency)
	case d.Target > d.MaxWait:
		return fmt.Errorf("resilience: concurrency with Target %v above MaxWait %v", d.Target, d.MaxWait)
	}
	return nil
}

func (c Concurrency) withDefaults() Concurrency {
	if c.Limit == 0 {
		if c.Max == 0 {
			c.Max = max(1000, c.Min, c.Initial)
		}
		if c.Min == 0 {
			c.Min = min(4, c.Max)
			if c.Initial > 0 {
				c.Min = min(c.Min, c.Initial)
			}
		}
		if c.Initial == 0 {
			c.Initial = min(max(20, c.Min), c.Max)
		}
	}
	if c.MaxWait == 0 {
		c.MaxWait = max(100*time.Millisecond, c.Target)
	}
	return c
}

// target is how long calls may wait in overload, if they take so long.
func (c *Concurrency) target(service time.Duration) time.Duration {
	if c.Target > 0 {
		return c.Target
	}
	return min(max(service/2, time.Millisecond), c.MaxWait)
}

// interval is how long a queue may stand, if calls take so long.
func (c *Concurrency) interval(service time.Duration) time.Duration {
	if c.Interval > 0 {
		return c.Interval
	}
	return min(max(20*service, 50*time.Millisecond), time.Second)
}

const (
	gradientWindow  = 100 * time.Millisecond
	gradientSamples = 10 // a window of fewer goes on
	tolerance       = 1.25
	probeFirst      = 2 * time.Second
	probeEvery      = time.Minute
	probeSamples    = 20 // calls beside few others tell the lowest duration
	probeLongest    = 500 * time.Millisecond
	probeEnough     = 5 // samples for a probe that has taken too long
	probeAgain      = 5 * time.Second
)

// samples adds durations up.
type samples struct {
	sum time.Duration
	n   int
}

func (s *samples) add(d time.Duration) {
	s.sum += d
	s.n++
}

func (s *samples) mean() time.Duration { return max(s.sum/time.Duration(s.n), 1) }

// gradient is the state of a limit that adapts. It is used by one goroutine at
// a time.
type gradient struct {
	min, max int
	limit    float64
	chance   func() float64

	lowest    time.Duration // the duration of a call when few run; 0 is not known
	windowed  bool          // the window has begun
	begun     time.Duration // of the window, on its owner's clock
	window    samples
	alone     samples // of calls beside which few ran
	most      int     // calls at once in the window
	probing   bool
	nextProbe time.Duration
}

// add takes a call that ended at the time now, took so long, and saw so many
// running at its beginning or end. It returns the limit.
func (g *gradient) add(now, took time.Duration, running int) int {
	if !g.probing && now >= g.nextProbe {
		g.probing, g.windowed = true, false
	}
	if !g.windowed {
		g.windowed, g.begun, g.window, g.most = true, now, samples{}, 0
	}
	if running <= g.min {
		if g.alone.add(took); g.alone.n == probeSamples {
			g.learn(now)
		}
	}
	if g.probing {
		if now-g.begun > max(probeLongest, 3*took) {
			g.learn(now)
		}
		return g.current()
	}
	g.window.add(took)
	g.most = max(g.most, running)
	if g.window.n >= gradientSamples && now-g.begun >= gradientWindow {
		g.adapt()
	}
	return g.current()
}

func (g *gradient) current() int {
	if g.probing {
		return g.min
	}
	return int(g.limit)
}

// learn takes what calls beside few others tell, if that is enough.
func (g *gradient) learn(now time.Duration) {
	next := probeAgain
	if g.alone.n >= probeEnough {
		g.lowest = g.alone.mean()
		next = time.Duration((0.8 + 0.4*g.chance()) * float64(probeEvery))
	}
	g.alone = samples{}
	if g.probing {
		g.probing, g.windowed = false, false
	}
	g.nextProbe = now + next
}

// adapt moves the limit at the end of a window.
func (g *gradient) adapt() {
	g.windowed = false
	if g.lowest == 0 {
		return
	}
	slope := min(max(tolerance*float64(g.lowest)/float64(g.window.mean()), 0.5), 1)
	limit := g.limit*slope + math.Sqrt(g.limit)
	if limit > g.limit {
		if float64(g.most) < 0.9*g.limit {
			return
		}
		limit = (g.limit + limit) / 2
	}
	g.limit = min(max(limit, float64(g.min)), float64(g.max))
}
