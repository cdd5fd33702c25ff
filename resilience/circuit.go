// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// State is what a circuit does with calls.
type State uint8

// The three states of a circuit.
const (
	Closed   State = iota // calls go through
	HalfOpen              // some calls go through, to see how they end
	Open                  // calls are refused
)

// String returns "closed", "half_open" or "open".
func (s State) String() string {
	switch s {
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	default:
		return "closed"
	}
}

// Circuit is the state of a [Breaker]. It is safe for concurrent use; calls
// through a closed circuit share no lock.
type Circuit struct {
	config Breaker
	start  time.Time
	random func() float64

	state   atomic.Uint64 // generation and State; changes under mu
	row     atomic.Int64  // failures in a row
	window  window
	refused atomic.Int64

	mu       sync.Mutex
	forced   bool
	running  int // probes that have not ended
	passed   int // probes that ended well
	openings int // since it was last closed
	opened   int64
	changed  time.Time
	until    time.Time // when probes may begin, or others in the place of those that hang
	reason   string
}

// stateBits are the State in Circuit.state. Above them is the generation, which
// counts the changes: what began before one says nothing after it.
const stateBits = 2

// New returns a closed circuit. b must pass its Check.
func (b Breaker) New() *Circuit {
	b = b.withDefaults()
	now := time.Now()
	return &Circuit{config: b, start: now, changed: now, random: rand.Float64, window: window{width: b.Window / windowSlots}}
}

// Permit is the leave for one call, which Release takes back.
type Permit struct {
	state uint64 // the circuit's at that time
	probe bool
}

// Acquire asks at the time now to make a call. If it may be made, Release must
// follow; the error says why not.
func (c *Circuit) Acquire(now time.Time) (Permit, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.State()
	if state == Open && !c.forced && !now.Before(c.until) {
		c.change(HalfOpen, now)
		state = HalfOpen
	}
	switch {
	case state == Closed:
		return Permit{state: c.state.Load()}, nil
	case state != HalfOpen:
		return Permit{}, c.refuse(now)
	case c.running+c.passed == c.config.Probes && now.Before(c.until):
		return Permit{}, c.refuse(now)
	case c.running+c.passed == c.config.Probes: // the probes hang: others take their place
		passed := c.passed
		c.change(HalfOpen, now)
		c.passed = passed
	}
	c.running++
	return Permit{c.state.Load(), true}, nil
}

func (c *Circuit) refuse(now time.Time) error {
	c.refused.Add(1)
	text := "the circuit breaker is open: " + c.reason
	if c.State() == HalfOpen {
		text = "the circuit breaker is half open, and its probes are under way: " + c.reason
	} else if !c.forced {
		text += fmt.Sprintf("; next try in %v", c.until.Sub(now).Round(time.Millisecond))
	}
	return curlew.NewError(curlew.Unavailable, text).WithProgress(curlew.NotSent)
}

// Release says at the time now that the call with permit p, which took so long,
// has ended with err.
func (c *Circuit) Release(p Permit, now time.Time, took time.Duration, err error) {
	if p.state != c.state.Load() {
		return
	}
	v := c.config.judge(err)
	slow := c.config.SlowAfter > 0 && v != nothing && took > c.config.SlowAfter
	if p.probe {
		c.releaseProbe(p, now, v, slow)
		return
	}
	switch {
	case v == failure:
		row := c.row.Add(1)
		c.window.add(now.Sub(c.start), failure, slow)
		c.judgeWindow(p, now, row)
	case v == success:
		c.row.Store(0)
		c.window.add(now.Sub(c.start), success, slow)
		if slow {
			c.judgeWindow(p, now, 0)
		}
	}
}

func (c *Circuit) releaseProbe(p Permit, now time.Time, v verdict, slow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.state != c.state.Load() {
		return
	}
	c.running--
	switch {
	case v == failure || slow:
		c.reason = "a probe failed"
		if v != failure {
			c.reason = fmt.Sprintf("a probe took more than %v", c.config.SlowAfter)
		}
		c.open(now)
	case v == success:
		if c.passed++; c.passed == c.config.Probes {
			c.openings = 0
			c.change(Closed, now)
		}
	}
}

// judgeWindow opens the circuit if it has reason to.
func (c *Circuit) judgeWindow(p Permit, now time.Time, row int64) {
	b := &c.config
	w := c.window.sum()
	enough := w.calls >= int64(b.MinCalls)
	var reason string
	switch {
	case b.Consecutive > 0 && row >= int64(b.Consecutive):
		reason = fmt.Sprintf("%d calls in a row failed", row)
	case enough && b.ErrorRate > 0 && float64(w.failed) >= b.ErrorRate*float64(w.calls):
		reason = fmt.Sprintf("%d of %d calls failed within %v", w.failed, w.calls, b.Window)
	case enough && b.SlowAfter > 0 && float64(w.slow) >= b.SlowRate*float64(w.calls):
		reason = fmt.Sprintf("%d of %d calls took more than %v", w.slow, w.calls, b.SlowAfter)
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.state != c.state.Load() || c.forced {
		return
	}
	c.reason = reason
	c.open(now)
}

// open opens the circuit; mu is held.
func (c *Circuit) open(now time.Time) {
	wait := c.config.OpenFor
	for range c.openings {
		if wait *= 2; wait >= c.config.MaxOpenFor {
			wait = c.config.MaxOpenFor
			break
		}
	}
	c.openings++
	c.opened++
	c.until = now.Add(wait + time.Duration(c.random()*float64(wait)/5))
	c.change(Open, now)
}

// change enters a state with nothing counted; mu is held.
func (c *Circuit) change(s State, now time.Time) {
	c.running, c.passed = 0, 0
	c.changed = now
	switch s {
	case HalfOpen:
		c.until = now.Add(c.config.OpenFor)
	case Closed:
		c.window.clear()
		c.row.Store(0)
		c.reason = ""
	}
	c.state.Store((c.state.Load()>>stateBits+1)<<stateBits | uint64(s))
}

// State returns what the circuit does now. An open circuit becomes half-open
// when its time has passed and a call comes.
func (c *Circuit) State() State { return State(c.state.Load() & (1<<stateBits - 1)) }

// Force holds the circuit open or closed, whatever happens, until [Circuit.Reset].
// Forced to [HalfOpen] it is not held: it probes, and goes on by itself.
func (c *Circuit) Force(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forced = s != HalfOpen
	c.reason = "it is held so"
	c.change(s, time.Now())
}

// Reset closes the circuit and lets it go on by itself.
func (c *Circuit) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forced, c.openings = false, 0
	c.change(Closed, time.Now())
}

// CircuitStats is a circuit at one moment.
type CircuitStats struct {
	State State
	// Forced says that the state is held by Force.
	Forced bool
	// Since is when the state was entered, and Reason says why, if it is not closed.
	Since  time.Time
	Reason string
	// Calls, Failures and Slow are those of the window. A few calls that ended
	// last may be missing.
	Calls, Failures, Slow int
	// Opened is how often the circuit has opened, and Refused how many calls it
	// has refused, ever. Whoever wants to see changes compares two Stats.
	Opened, Refused int64
}

// Stats returns the circuit as it is now.
func (c *Circuit) Stats() CircuitStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.window.turn(time.Since(c.start))
	w := c.window.sum()
	return CircuitStats{
		State: c.State(), Forced: c.forced, Since: c.changed, Reason: c.reason,
		Calls: int(w.calls), Failures: int(w.failed), Slow: int(w.slow),
		Opened: c.opened, Refused: c.refused.Load(),
	}
}

// Interceptor returns the circuit as an interceptor, in either position of a
// client.
func (c *Circuit) Interceptor() curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		if c.config.Off {
			return next
		}
		return func(ctx context.Context, call *curlew.Call) error {
			if c.config.SlowAfter == 0 && c.State() == Closed {
				return c.closed(ctx, call, next)
			}
			return c.guarded(ctx, call, next)
		}
	}
}

// closed runs a call through a closed circuit that need not know how long it
// takes. The clock is read at failures, and now and then.
func (c *Circuit) closed(ctx context.Context, call *curlew.Call, next curlew.Handler) error {
	p := Permit{state: c.state.Load()}
	err := next(ctx, call)
	if err == nil {
		if c.row.Load() != 0 {
			c.row.Store(0)
		}
		if c.window.count() {
			c.window.turn(time.Since(c.start))
		}
		return nil
	}
	c.Release(p, time.Now(), 0, err)
	return err
}

// guarded runs a call by Acquire and Release.
func (c *Circuit) guarded(ctx context.Context, call *curlew.Call, next curlew.Handler) (err error) {
	begun := time.Now()
	p, err := c.Acquire(begun)
	if err != nil {
		return named(call, err)
	}
	err = curlew.Canceled // of a panic: the permit goes back without a verdict
	defer func() {
		now := time.Now()
		c.Release(p, now, now.Sub(begun), err)
	}()
	err = next(ctx, call)
	return err
}

// named puts the name of the called method before the text of a refusal.
func named(call *curlew.Call, err error) error {
	e := curlew.ErrorOf(err)
	return curlew.NewError(e.Code(), call.Method().FullName()+": "+e.Message()).WithProgress(e.Progress())
}
