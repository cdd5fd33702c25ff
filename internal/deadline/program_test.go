// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package deadline

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzProgram reads bytes as a program of operations on a heap and compares
// what happens with a list that is searched.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{0, 10, 0, 5, 2, 7, 1, 0, 2, 20})
	f.Add([]byte{0, 3, 0, 2, 0, 1, 1, 1, 0, 1, 1, 0, 2, 4, 2, 4})
	f.Add([]byte{0, 200, 0, 100, 0, 150, 0, 50, 0, 120, 0, 20, 1, 3, 1, 1, 2, 255})
	f.Add([]byte{0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 2, 1})
	f.Fuzz(func(t *testing.T, program []byte) {
		synctest.Test(t, func(t *testing.T) { run(t, program) })
	})
}

func run(t *testing.T, program []byte) {
	const unit = time.Millisecond
	var h Heap
	var waiting []*call
	for len(program) >= 2 {
		operation, argument := program[0]%3, program[1]
		program = program[2:]
		switch operation {
		case 0:
			waiting = append(waiting, add(&h, time.Duration(argument)*unit))
		case 1:
			if len(waiting) == 0 {
				continue
			}
			synctest.Wait() // what is due at once has fired
			i := int(argument) % len(waiting)
			c := waiting[i]
			if removed := h.Remove(&c.Entry); removed == (c.fired > 0) {
				t.Fatalf("Remove = %v for an entry that has fired %d times", removed, c.fired)
			}
			waiting = slices.Delete(waiting, i, i+1)
		case 2:
			pass(time.Duration(argument) * unit)
			waiting = slices.DeleteFunc(waiting, func(c *call) bool { return c.check(t) })
		}
		checkOrder(t, &h)
	}
	h.Close()
	for _, c := range waiting {
		if c.fired == 0 && !h.Remove(&c.Entry) {
			t.Fatal("a waiting entry was lost")
		}
	}
	if len(h.items) != 0 {
		t.Fatalf("%d entries too many", len(h.items))
	}
}

// check reports whether c has fired, and fails if that is wrong.
func (c *call) check(t *testing.T) bool {
	overdue := time.Since(c.due)
	switch {
	case c.fired > 1:
		t.Fatalf("fired %d times", c.fired)
	case c.fired == 1 && (c.late < 0 || c.late > slack):
		t.Fatalf("fired %v after the deadline", c.late)
	case c.fired == 0 && overdue > slack:
		t.Fatalf("not fired %v after the deadline", overdue)
	}
	return c.fired == 1
}

func checkOrder(t *testing.T, h *Heap) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, it := range h.items {
		if it.entry.position != i+1 {
			t.Fatalf("entry at %d believes to be at %d", i+1, it.entry.position)
		}
		if parent := (i - 1) / 2; i > 0 && h.items[parent].at > it.at {
			t.Fatalf("item %d is earlier than its parent", i)
		}
	}
}
