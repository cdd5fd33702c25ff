// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
)

// withdraw takes as many retries as there are.
func withdraw(b *Budget, now time.Time) int {
	for n := 0; ; n++ {
		if !b.Withdraw(now) {
			return n
		}
	}
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetConfig{})
		assert.Equal(t, withdraw(b, time.Now()), 30, "retries without calls: 3 a second for 10 s")
		<-time.After(9 * time.Second)
		assert.Equal(t, withdraw(b, time.Now()), 0, "within the window")
		<-time.After(time.Second)
		assert.Equal(t, withdraw(b, time.Now()), 30, "in the next")
		<-time.After(10 * time.Second)
		for range 1000 {
			b.Deposit()
		}
		assert.Equal(t, withdraw(b, time.Now()), 100, "retries for 1000 calls")
		assert.Equal(t, b.Stats(time.Now()), BudgetStats{Calls: 1000, Retries: 100})
		<-time.After(time.Hour)
		assert.Equal(t, b.Stats(time.Now()), BudgetStats{}, "an hour later")

		none := NewBudget(BudgetConfig{Ratio: -1, MinPerSecond: -1})
		none.Deposit()
		assert.Equal(t, withdraw(none, time.Now()), 0)
		few := NewBudget(BudgetConfig{Ratio: -1, MinPerSecond: 0.5})
		assert.Equal(t, withdraw(few, time.Now()), 5)
	})
}

func TestBudgetOfManyCallers(t *testing.T) {
	b := NewBudget(BudgetConfig{})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 1000 {
				b.Deposit()
				b.Withdraw(time.Now())
			}
		})
	}
	callers.Wait()
	if s := b.Stats(time.Now()); s.Retries < 700 || s.Retries > 800 {
		t.Errorf("%d retries of %d calls", s.Retries, s.Calls)
	}
}
