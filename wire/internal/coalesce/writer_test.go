// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package coalesce

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// conn is a connection whose TryWrite takes at most room bytes and whose Write
// waits for gate.
type conn struct {
	mu     sync.Mutex
	got    bytes.Buffer
	writes int
	room   int
	gate   chan struct{}
	err    error
}

func (c *conn) TryWrite(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	n := min(len(p), c.room)
	c.room -= n
	c.writes++
	c.got.Write(p[:n])
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	if c.gate != nil {
		<-c.gate
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	return c.got.Write(p)
}

func send(t *testing.T, w *Writer, s string) {
	t.Helper()
	if err := w.Lock(context.Background()); err != nil {
		t.Fatalf("Lock: %v", err)
	}
	b := w.Buffer()
	b.B = append(b.B, s...)
	w.Unlock(Now)
}

func TestCallerWrites(t *testing.T) {
	c := &conn{room: 100}
	w := New(c, c, 0, nil)
	send(t, w, "hello")
	if got := c.got.String(); got != "hello" {
		t.Errorf("written before Unlock returned: %q, want hello", got)
	}
	w.Close(nil)
	if err := w.Lock(context.Background()); err != ErrClosed {
		t.Errorf("Lock after Close: %v, want ErrClosed", err)
	}
}

func TestFlusherTakesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{room: 2, gate: make(chan struct{})}
		w := New(c, c, 8, nil)
		send(t, w, "hello") // 2 bytes written, 3 with the flusher
		send(t, w, "0123456789")
		for _, test := range []struct {
			offset int64
			want   bool
		}{{1, true}, {2, true}, {4, true}, {5, false}} {
			if got := w.Flushed(test.offset); got != test.want {
				t.Errorf("Flushed(%d) with 2 bytes written and 3 in a write: %t", test.offset, got)
			}
		}

		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() { waiting <- w.Lock(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("Lock without room: %v, want Canceled", err)
		}
		if err := w.LockControl(); err != nil {
			t.Errorf("LockControl without room: %v", err)
		}
		w.Unlock(Now)

		close(c.gate)
		if err := w.Drain(t.Context()); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if got := c.got.String(); got != "hello0123456789" {
			t.Errorf("written %q", got)
		}
		w.Close(nil)
	})
}

func TestFramesGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{gate: make(chan struct{})}
		w := New(c, nil, 0, nil) // no TryWrite: the flusher from the start
		send(t, w, "a")
		synctest.Wait() // the flusher waits in Write with "a"
		for range 100 {
			send(t, w, "b")
		}
		close(c.gate)
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.writes != 2 || c.got.Len() != 101 {
			t.Errorf("%d bytes in %d writes, want 101 in 2", c.got.Len(), c.writes)
		}
		w.Close(nil)
	})
}

func TestWriteError(t *testing.T) {
	broken := errors.New("broken pipe")
	c := &conn{err: broken}
	var told []error
	w := New(c, c, 0, func(err error) { told = append(told, err) })
	send(t, w, "x")
	if w.Flushed(0) {
		t.Error("Flushed(0) after a write that took nothing")
	}
	if len(told) != 1 || told[0] != broken {
		t.Errorf("fail was told %v, want the write's error once", told)
	}
	if err := w.Lock(t.Context()); err != broken {
		t.Errorf("Lock after a failed write: %v", err)
	}
	if err := w.WaitFlushed(t.Context(), 1); err != broken {
		t.Errorf("WaitFlushed after a failed write: %v", err)
	}
	w.Close(nil)
}

func TestStuckPeer(t *testing.T) {
	c := &conn{gate: make(chan struct{})}
	w := New(c, c, 1, nil)
	frame := make([]byte, 64<<10)
	var err error
	for range 100 {
		if err = w.LockControl(); err != nil {
			break
		}
		b := w.Buffer()
		b.B = append(b.B, frame...)
		w.Unlock(Now)
	}
	if err != ErrStuck {
		t.Errorf("small frames to a peer that does not read: %v, want ErrStuck", err)
	}
	close(c.gate)
	w.Close(nil)
}

func TestConcurrentFramesStayWhole(t *testing.T) {
	c := &conn{room: 1 << 20}
	w := New(c, c, 64, nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				send(t, w, "<frame>")
			}
		})
	}
	wg.Wait()
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Close(nil)
	if got, want := c.got.String(), bytes.Repeat([]byte("<frame>"), 3200); got != string(want) {
		t.Errorf("frames are torn or lost: %d bytes, want %d", len(got), len(want))
	}
}

// closing is a connection whose TryWrite ends only after the Writer's Close has
// begun.
type closing struct {
	conn
	w *Writer
}

func (c *closing) TryWrite([]byte) (int, error) {
	c.w.mu.Lock()
	c.w.stopLocked(ErrClosed)
	c.w.mu.Unlock()
	return 0, nil
}

// Close has waited for the flusher: a write that ends after it begins none.
func TestWriteEndsAfterClose(t *testing.T) {
	c := new(closing)
	c.w = New(c, c, 0, nil)
	send(t, c.w, "a")
	c.w.Close(nil)
	if c.writes > 0 {
		t.Errorf("%d writes by a flusher begun after the end", c.writes)
	}
}
