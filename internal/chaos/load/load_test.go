// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/resilience"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("lost")
		journal := NewJournal()
		run := Start(t.Context(), journal, Plan{
			Stages: []Stage{{1000, time.Second}, {100, time.Second}}, Seed: 3, Writes: 0.25, High: 0.1, Timeout: time.Second,
			Do: func(_ context.Context, write bool, _ resilience.Priority) error {
				<-time.After(5 * time.Millisecond)
				if write {
					return lost
				}
				return nil
			},
		})
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
		first, second := journal.Calls(0, time.Second), journal.Calls(time.Second, 0)
		between(t, "calls of the first stage", len(first), 900, 1100)
		between(t, "calls of the second stage", len(second), 70, 130)
		all := journal.Calls(0, 0)
		writes := Count(all, func(c *Call) bool { return c.Write })
		between(t, "writes", writes, 220, 340)
		between(t, "important calls", Count(all, func(c *Call) bool { return c.Priority == resilience.High }), 70, 150)
		if failed := Count(all, Failed); failed != writes {
			t.Errorf("%d calls failed of %d", failed, writes)
		}
		if p99 := Quantile(all, 0.99, Served); p99 != 5*time.Millisecond {
			t.Errorf("the 99th percentile is %v", p99)
		}
		if late := Lateness(all, 1); late != 0 {
			t.Errorf("a call began %v late", late)
		}
	})
}

// The arrivals do not wait for answers.
func TestOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := NewJournal()
		run := Start(t.Context(), journal, Plan{
			Stages: []Stage{{100, time.Second}}, Seed: 1, Timeout: 300 * time.Millisecond,
			Do: func(ctx context.Context, _ bool, _ resilience.Priority) error {
				<-ctx.Done()
				return ctx.Err()
			},
		})
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
		calls := journal.Calls(0, 0)
		between(t, "calls", len(calls), 70, 130)
		if took := Quantile(calls, 1, Failed); took != 300*time.Millisecond {
			t.Errorf("a call took %v", took)
		}
	})
}

// A run that is stopped ends its calls in their time.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := NewJournal()
		run := Start(t.Context(), journal, Plan{
			Stages: []Stage{{100, time.Hour}}, Seed: 1, Timeout: time.Second,
			Do: func(ctx context.Context, _ bool, _ resilience.Priority) error {
				<-time.After(10 * time.Millisecond)
				return ctx.Err()
			},
		})
		<-time.After(time.Second)
		run.Stop()
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
		calls := journal.Calls(0, 0)
		between(t, "calls", len(calls), 70, 130)
		if failed := Count(calls, Failed); failed > 0 {
			t.Errorf("%d calls were cut off", failed)
		}
	})
}

// The same seed gives the same arrivals.
func TestSeed(t *testing.T) {
	arrivals := func(seed uint64) (due []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			journal := NewJournal()
			run := Start(t.Context(), journal, Plan{
				Stages: []Stage{{100, time.Second}}, Seed: seed, Timeout: time.Second,
				Do: func(context.Context, bool, resilience.Priority) error { return nil },
			})
			if err := run.Wait(); err != nil {
				t.Fatal(err)
			}
			for _, c := range journal.Calls(0, 0) {
				due = append(due, c.Due)
			}
		})
		return due
	}
	first, again, other := arrivals(1), arrivals(1), arrivals(2)
	if len(first) != len(again) || first[7] != again[7] {
		t.Error("the same seed gives other arrivals")
	}
	if first[7] == other[7] {
		t.Error("another seed gives the same arrivals")
	}
}

func TestQuantile(t *testing.T) {
	calls := make([]Call, 100)
	for i := range calls {
		calls[i].End = time.Duration(i+1) * time.Millisecond
	}
	for _, c := range []struct {
		q    float64
		want time.Duration
	}{{0, 1}, {0.5, 50}, {0.99, 99}, {0.995, 100}, {1, 100}} {
		if got := Quantile(calls, c.q, Served); got != c.want*time.Millisecond {
			t.Errorf("the quantile %v is %v", c.q, got)
		}
	}
	if got := Quantile(nil, 0.99, Served); got != 0 {
		t.Errorf("the quantile of no calls is %v", got)
	}
}

func between(t *testing.T, what string, n, least, most int) {
	t.Helper()
	if n < least || n > most {
		t.Errorf("%d %s, not from %d to %d", n, what, least, most)
	}
}
