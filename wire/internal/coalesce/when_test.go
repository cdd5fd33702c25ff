// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// add appends s and unlocks as told.
func add(t *testing.T, w *Writer, s string, when When) {
	t.Helper()
	if err := w.Lock(t.Context()); err != nil {
		t.Fatalf("Lock: %v", err)
	}
	b := w.Buffer()
	b.Grow(len(s))
	b.B = append(b.B, s...)
	w.Unlock(when)
}

// expect waits until nothing moves, and compares what has been written.
func (c *conn) expect(t *testing.T, want string, writes int) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got.String()
	if got != want {
		t.Errorf("written %d bytes, want %d: %.40q, want %.40q", len(got), len(want), got, want)
	}
	if c.writes != writes {
		t.Errorf("%d writes, want %d", c.writes, writes)
	}
}

// writers runs a test on a Writer in a bubble and closes it afterwards.
func writers(t *testing.T, c *conn, limit int, test func(*testing.T, *Writer)) {
	synctest.Test(t, func(t *testing.T) {
		w := New(c, c, limit, nil)
		test(t, w)
		w.Close(nil)
	})
}

func TestHeld(t *testing.T) {
	c := &conn{room: 1 << 20}
	writers(t, c, 0, func(t *testing.T, w *Writer) {
		add(t, w, "a", Held)
		add(t, w, "b", Held)
		c.expect(t, "", 0)
		if w.Flushed(0) {
			t.Error("Flushed(0) while all is held")
		}
		w.Flush()
		c.expect(t, "ab", 1)
		w.Flush()
		c.expect(t, "ab", 1) // nothing more
		if !w.Flushed(1) || w.Flushed(2) {
			t.Error("Flushed does not tell 2 bytes")
		}
		for i, when := range []When{Now, Gather, Later} {
			add(t, w, "c", Held)
			add(t, w, "d", when)
			c.expect(t, "ab"+strings.Repeat("cd", i+1), i+2)
		}
	})
}

func TestHeldHasALimit(t *testing.T) {
	frame := strings.Repeat("x", maxHeld/4)
	c := &conn{room: 1 << 20}
	writers(t, c, 0, func(t *testing.T, w *Writer) {
		for range 3 {
			add(t, w, frame, Held)
		}
		c.expect(t, "", 0)
		add(t, w, frame, Held)
		c.expect(t, strings.Repeat(frame, 4), 1)
	})
	// If not that one, then the Writer's: Lock must not wait for what is held.
	c = &conn{room: 1 << 20}
	writers(t, c, len(frame), func(t *testing.T, w *Writer) {
		c.gate = make(chan struct{}) // else the second may go with the first
		add(t, w, frame, Held)
		c.expect(t, "", 0)
		add(t, w, frame, Held)
		close(c.gate)
		c.expect(t, frame+frame, 2)
	})
}

// What is held while somebody writes goes along with what comes next.
func TestHeldWhileWriting(t *testing.T) {
	c := new(conn)
	writers(t, c, 0, func(t *testing.T, w *Writer) {
		c.gate = make(chan struct{})
		add(t, w, "a", Now) // TryWrite has no room: the flusher waits with it
		add(t, w, "b", Held)
		add(t, w, "c", Held)
		close(c.gate)
		c.expect(t, "abc", 3) // the first one took nothing
	})
}

func TestLater(t *testing.T) {
	c := &conn{room: 1 << 20}
	writers(t, c, 0, func(t *testing.T, w *Writer) {
		c.gate = make(chan struct{})
		add(t, w, "a", Later)
		add(t, w, "b", Later)
		c.expect(t, "", 0)
		add(t, w, "c", Now) // somebody writes already
		c.expect(t, "", 0)
		if !w.Flushed(0) {
			t.Error("Flushed(0) while a write is under way")
		}
		close(c.gate)
		if err := w.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if got := c.got.String(); got != "abc" || c.writes > 2 {
			t.Errorf("written %q with %d writes", got, c.writes)
		}
	})
}

// startsLate has the goroutine of a Later not run for a while.
func (w *Writer) startsLate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dormant = true
}

// While the goroutine that is to write has yet to run, the one who appends writes:
// when it wants that at once, and when much is waiting.
func TestTakesOver(t *testing.T) {
	c := &conn{room: 1 << 20}
	writers(t, c, 0, func(t *testing.T, w *Writer) {
		w.startsLate()
		add(t, w, "a", Later)
		c.expect(t, "", 0)
		add(t, w, "b", Held)
		c.expect(t, "", 0)
		add(t, w, "c", Now)
		c.expect(t, "abc", 1)

		c.got.Reset()
		c.writes = 0
		piece := strings.Repeat("x", takeOverAt/4)
		for i := range 9 {
			add(t, w, piece, Later)
			c.expect(t, strings.Repeat(piece, (i+1)/4*4), (i+1)/4)
		}
		w.flusher.Add(1)
		go w.flush(batch{}, false) // at last
		c.expect(t, strings.Repeat(piece, 8), 2)
		<-time.After(cooling)
		c.expect(t, strings.Repeat(piece, 9), 3)

		w.startsLate()
		add(t, w, "a", Later)
		add(t, w, "b", Now)
		c.expect(t, strings.Repeat(piece, 9)+"ab", 4)
		w.flusher.Add(1)
		w.flush(batch{}, false) // has nothing left to do
		c.expect(t, strings.Repeat(piece, 9)+"ab", 4)
		add(t, w, "c", Later)
		c.expect(t, strings.Repeat(piece, 9)+"abc", 5)
	})
}

// Those who gather let others append first.
func TestGather(t *testing.T) {
	c := &conn{room: 1 << 20}
	w := New(c, c, 0, nil)
	const frames = 2000
	done := make(chan struct{})
	for range 2 {
		go func() {
			for range frames {
				send(t, w, "<by one>")
			}
			done <- struct{}{}
		}()
	}
	for range frames {
		add(t, w, "<gather>", Gather)
	}
	<-done
	<-done
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Close(nil)
	got := c.got.String()
	if a, b := strings.Count(got, "<by one>"), strings.Count(got, "<gather>"); a != 2*frames || b != frames || len(got) != 8*3*frames {
		t.Errorf("%d and %d frames in %d bytes", a, b, len(got))
	}
	t.Logf("%d frames in %d writes", 3*frames, c.writes)
}

func TestGatherAlone(t *testing.T) {
	c := &conn{room: 100}
	w := New(c, c, 0, nil)
	add(t, w, "hello", Gather)
	if got := c.got.String(); got != "hello" {
		t.Errorf("written before Unlock returned: %q, want hello", got)
	}
	w.Close(nil)
}

// The connection fails while a caller lets others run.
func TestCloseDuringGather(t *testing.T) {
	for range 100 {
		c := &conn{room: 1 << 20}
		w := New(c, c, 0, nil)
		gone := errors.New("gone")
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			w.Close(gone)
		}()
		for {
			if err := w.Lock(t.Context()); err != nil {
				if err != gone {
					t.Fatalf("Lock: %v", err)
				}
				break
			}
			b := w.Buffer()
			b.B = append(b.B, 'x')
			w.Unlock(Gather)
		}
		<-closed
	}
}

// Every way to unlock, with a connection that takes a few bytes at a time: all
// arrives, in order.
func TestAllWaysInOrder(t *testing.T) {
	for _, room := range []int{0, 3, 1 << 20} {
		c := &conn{room: room}
		writers(t, c, 50, func(t *testing.T, w *Writer) {
			var want strings.Builder
			for i := range 1000 {
				s := strings.Repeat(string(rune('a'+i%26)), i%13)
				want.WriteString(s)
				add(t, w, s, When(i*7%4))
			}
			w.Flush()
			synctest.Wait()
			if got := c.got.String(); got != want.String() {
				t.Errorf("with room for %d bytes: written %d bytes, want %d", room, len(got), want.Len())
			}
			if err := w.WaitFlushed(t.Context(), int64(want.Len())); err != nil {
				t.Error(err)
			}
		})
	}
}
