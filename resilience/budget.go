// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"sync/atomic"
	"time"
)

// BudgetConfig bounds what retries and hedges may add to the load, so that
// they cannot turn a small failure into an overload (the retry budget of
// Google's SRE book, chapter 21, and of Finagle): within the last 10 seconds at
// most Ratio of the calls, or MinPerSecond a second, whichever is more.
type BudgetConfig struct {
	// Ratio is how many retries there may be for each call: 0.1. Negative means
	// only MinPerSecond.
	Ratio float64
	// MinPerSecond is how many retries a second there may be whatever the number
	// of calls is, so that a client of few calls can retry at all: 3. Negative
	// means none.
	MinPerSecond float64
}

// Check returns what is wrong with c, or nil.
func (c BudgetConfig) Check() error {
	switch {
	case !(c.Ratio <= 10):
		return fmt.Errorf("resilience: retry budget with Ratio %v; it must be at most 10", c.Ratio)
	case !(c.MinPerSecond <= 1e6):
		return fmt.Errorf("resilience: retry budget with MinPerSecond %v; it must be at most 1000000", c.MinPerSecond)
	}
	return nil
}

func (c BudgetConfig) withDefaults() BudgetConfig {
	if c.Ratio == 0 {
		c.Ratio = 0.1
	}
	if c.MinPerSecond == 0 {
		c.MinPerSecond = 3
	}
	c.Ratio, c.MinPerSecond = max(c.Ratio, 0), max(c.MinPerSecond, 0)
	return c
}

const (
	budgetWindow = 10 // seconds
	// budgetSample is how many calls may pass before the clock is read, to put
	// them into their second. Fewer do not matter beside MinPerSecond.
	budgetSample = 64
)

// Budget is the retries that are left to a client. All its calls share one. It
// is safe for concurrent use, without locks: counts that change at the same
// moment as the second may be put into its neighbour.
type Budget struct {
	config BudgetConfig
	start  time.Time
	calls  atomic.Int64 // not yet in a slot
	second atomic.Int64 // the newest slot's, since start
	slots  [budgetWindow]budgetSlot
}

type budgetSlot struct{ calls, retries atomic.Int64 }

// NewBudget returns a budget; c must pass its Check.
func NewBudget(c BudgetConfig) *Budget {
	return &Budget{config: c.withDefaults(), start: time.Now()}
}

// Deposit counts a call. It does not matter to the budget how the call ends.
func (b *Budget) Deposit() {
	if b.calls.Add(1)%budgetSample == 0 {
		b.turn(time.Since(b.start))
	}
}

// Withdraw takes one retry at the time now and reports whether there was one.
func (b *Budget) Withdraw(now time.Time) bool {
	slot := b.turn(now.Sub(b.start))
	slot.retries.Add(1) // before the look, so that of many who look at once none is too many
	calls, retries := b.sum()
	if float64(retries) > max(b.config.Ratio*float64(calls), b.config.MinPerSecond*budgetWindow) {
		slot.retries.Add(-1)
		return false
	}
	return true
}

// BudgetStats is how much of a budget is used.
type BudgetStats struct {
	// Calls and Retries of the last 10 seconds.
	Calls, Retries int
}

// Stats returns the use at the time now.
func (b *Budget) Stats(now time.Time) BudgetStats {
	b.turn(now.Sub(b.start))
	calls, retries := b.sum()
	return BudgetStats{int(calls), int(retries)}
}

func (b *Budget) sum() (calls, retries int64) {
	for i := range b.slots {
		calls += b.slots[i].calls.Load()
		retries += b.slots[i].retries.Load()
	}
	return calls, retries
}

// turn empties the slots of the seconds that have begun since the last turn,
// and returns the present one, with the calls counted so far in it.
func (b *Budget) turn(elapsed time.Duration) *budgetSlot {
	present := int64(elapsed / time.Second)
	for {
		last := b.second.Load()
		if present <= last {
			present = last
			break
		}
		if b.second.CompareAndSwap(last, present) {
			for s := max(last+1, present-budgetWindow+1); s <= present; s++ {
				slot := &b.slots[s%budgetWindow]
				slot.calls.Store(0)
				slot.retries.Store(0)
			}
			break
		}
	}
	slot := &b.slots[present%budgetWindow]
	if n := b.calls.Load(); n > 0 && b.calls.CompareAndSwap(n, 0) {
		slot.calls.Add(n)
	}
	return slot
}
