// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package deadline

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// call is something with a deadline. It records how far from it Expire came.
type call struct {
	Entry
	due   time.Time
	fired int
	late  time.Duration
	then  func()
}

func (c *call) Expire() {
	c.fired++
	c.late = time.Since(c.due)
	if c.then != nil {
		c.then()
	}
}

// add makes a call that is due after d.
func add(h *Heap, d time.Duration) *call { return addThen(h, d, nil) }

// addThen makes a call that is due after d and then does something.
func addThen(h *Heap, d time.Duration, then func()) *call {
	c := &call{due: time.Now().Add(d), then: then}
	h.Add(&c.Entry, c.due, c)
	return c
}

// pass lets virtual time pass, and what happens in it come to rest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (c *call) mustHaveFired(t *testing.T, latest time.Duration) {
	t.Helper()
	if c.fired != 1 || c.late < 0 || c.late > latest {
		t.Errorf("Expire was called %d times, %v after the deadline", c.fired, c.late)
	}
}

func TestFires(t *testing.T) {
	tests := []struct {
		name  string
		after []time.Duration
		late  time.Duration // at most
	}{
		{"one", []time.Duration{time.Second}, 0},
		{"in order", []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, 0},
		{"earlier ones added later", []time.Duration{time.Hour, time.Minute, time.Second}, 0},
		{"at once", []time.Duration{0, -time.Second}, time.Second}, // late from the beginning
		{"together", []time.Duration{time.Second, time.Second, time.Second}, 0},
		{"close together", []time.Duration{time.Second, time.Second + 1, time.Second + time.Millisecond}, slack},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h Heap
				defer h.Close()
				var calls []*call
				for _, d := range test.after {
					calls = append(calls, add(&h, d))
				}
				pass(2 * time.Hour)
				for _, c := range calls {
					c.mustHaveFired(t, test.late)
				}
			})
		})
	}
}

func TestWallClockDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		defer h.Close()
		add(&h, 0)
		pass(time.Minute)
		c := &call{due: time.Now().Add(time.Second).Round(0)}
		h.Add(&c.Entry, c.due, c)
		distant := &call{due: time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}
		h.Add(&distant.Entry, distant.due, distant)
		pass(time.Hour)
		c.mustHaveFired(t, 0)
		if distant.fired != 0 {
			t.Error("a deadline in the year 3000 has fired")
		}
	})
}

func TestRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		defer h.Close()
		var unknown Entry
		if h.Remove(&unknown) {
			t.Error("Remove of an entry that was never added succeeded")
		}
		first, second := add(&h, time.Second), add(&h, 2*time.Second)
		if !h.Remove(&first.Entry) {
			t.Error("Remove of a waiting entry failed")
		}
		if h.Remove(&first.Entry) {
			t.Error("second Remove succeeded")
		}
		pass(time.Minute)
		if first.fired != 0 {
			t.Error("a removed entry has fired")
		}
		second.mustHaveFired(t, 0)
		if h.Remove(&second.Entry) {
			t.Error("Remove of a fired entry succeeded")
		}
		first.due = time.Now().Add(time.Second)
		h.Add(&first.Entry, first.due, first)
		pass(time.Minute)
		first.mustHaveFired(t, 0)
	})
}

func TestAddTwicePanics(t *testing.T) {
	var h Heap
	defer h.Close()
	c := add(&h, time.Hour)
	defer func() {
		if recover() == nil {
			t.Error("adding a waiting entry did not panic")
		}
	}()
	h.Add(&c.Entry, c.due, c)
}

// An Expire may add, also its own entry, and remove.
func TestExpireUsesHeap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		defer h.Close()
		victim := add(&h, time.Second+1)
		ticks := 0
		ticker := &call{due: time.Now().Add(time.Second)}
		ticker.then = func() {
			h.Remove(&victim.Entry)
			if ticks++; ticks < 5 {
				ticker.due = time.Now().Add(time.Second)
				h.Add(&ticker.Entry, ticker.due, ticker)
			}
		}
		h.Add(&ticker.Entry, ticker.due, ticker)
		pass(time.Minute)
		if ticks != 5 || ticker.late != 0 || victim.fired != 0 {
			t.Errorf("%d ticks, the last %v late; the removed entry fired %d times", ticks, ticker.late, victim.fired)
		}
	})
}

// What is added while an Expire takes its time fires when it is over.
func TestAddDuringExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		defer h.Close()
		addThen(&h, time.Second, func() { <-time.After(time.Second) })
		pass(time.Second + 1)
		next := add(&h, time.Millisecond)
		pass(time.Minute)
		next.mustHaveFired(t, time.Second)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		addThen(&h, time.Second, func() { <-time.After(time.Minute) })
		same, later := add(&h, time.Second), add(&h, time.Hour)
		pass(2 * time.Second)
		start := time.Now()
		h.Close()
		if waited := time.Since(start); waited != 59*time.Second {
			t.Errorf("Close waited %v for the running Expire", waited)
		}
		after := add(&h, 0)
		h.Close()
		pass(2 * time.Hour)
		if same.fired+later.fired+after.fired != 0 {
			t.Error("a deadline fired after Close")
		}
		for _, c := range []*call{same, later, after} {
			if !h.Remove(&c.Entry) {
				t.Error("an entry of a closed heap could not be removed")
			}
		}
	})
	t.Run("unused", func(t *testing.T) {
		var h Heap
		h.Close()
	})
}

func TestGoexitInExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		addThen(&h, time.Second, runtime.Goexit)
		next := add(&h, time.Second)
		pass(time.Minute)
		next.mustHaveFired(t, slack)
		h.Close()
	})
}

// A crowd of deadlines is served in rounds, and leaves no memory behind.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Heap
		defer h.Close()
		random := rand.New(rand.NewPCG(1, 1))
		calls := make([]*call, 100_000)
		rounds := make(map[time.Time]bool)
		for i := range calls {
			after := time.Duration(random.Int64N(int64(time.Second)))
			calls[i] = addThen(&h, after, func() { rounds[time.Now()] = true })
		}
		removed := calls[:len(calls)/2]
		for _, c := range removed {
			if !h.Remove(&c.Entry) {
				t.Fatal("Remove failed")
			}
		}
		pass(2 * time.Second)
		for _, c := range removed {
			if c.fired != 0 {
				t.Fatal("a removed entry has fired")
			}
		}
		for _, c := range calls[len(removed):] {
			c.mustHaveFired(t, slack)
		}
		if limit := int(time.Second/slack) + 1; len(rounds) > limit {
			t.Errorf("%d rounds, want at most %d", len(rounds), limit)
		}
		if h.armed != never {
			t.Error("the timer is armed though nothing waits")
		}
		if cap(h.items) > minCapacity {
			t.Errorf("an empty heap keeps room for %d entries", cap(h.items))
		}
	})
}

// Remove races with firing: for each entry exactly one of them wins.
func TestRemoveRacesFire(t *testing.T) {
	var h Heap
	random := rand.New(rand.NewPCG(1, 1))
	counters := make([]counter, 20_000)
	var group sync.WaitGroup
	const removers = 4
	part := len(counters) / removers
	for mine := range slices.Chunk(counters, part) {
		begin := time.Now()
		for i := range mine {
			h.Add(&mine[i].Entry, begin.Add(time.Duration(random.IntN(20_000_000))), &mine[i])
		}
		group.Go(func() {
			for i := range mine {
				if h.Remove(&mine[i].Entry) {
					mine[i].Add(1)
				}
				if i%100 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	group.Wait()
	h.Close() // an Expire may still be running for a Remove that came late
	for i := range counters {
		if n := counters[i].Load(); n != 1 {
			t.Fatalf("entry %d was fired and removed %d times in all", i, n)
		}
	}
}

type counter struct {
	Entry
	atomic.Int32
}

func (c *counter) Expire() { c.Add(1) }

func BenchmarkAddRemove(b *testing.B) {
	for _, waiting := range []int{0, 100, 10_000} {
		b.Run(name(waiting), func(b *testing.B) {
			var h Heap
			defer h.Close()
			for range waiting {
				add(&h, time.Hour)
			}
			c := &call{}
			when := time.Now().Add(time.Hour)
			b.ReportAllocs()
			for b.Loop() {
				when = when.Add(time.Microsecond)
				h.Add(&c.Entry, when, c)
				h.Remove(&c.Entry)
			}
		})
	}
}

func name(waiting int) string {
	return map[int]string{0: "alone", 100: "among 100", 10_000: "among 10000"}[waiting]
}
