// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

import (
	"io"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/transport/mem"
)

func TestMain(m *testing.M) { assert.Main(m) }

// Who waits longest is the first.
func TestWaiters(t *testing.T) {
	var w Waiters
	assert.Equal(t, w.Wake(true), false)
	first, second, third := w.Join(), w.Join(), w.Join()
	w.Leave(second)
	w.Leave(second)
	assert.Equal(t, w.Len(), 2)
	assert.Equal(t, w.Wake(true), true)
	<-first.Turn
	w.Dismiss()
	<-third.Turn
	assert.Equal(t, first.Granted, true)
	assert.Equal(t, third.Granted, false)
	assert.Equal(t, w.Len(), 0)
	w.Leave(third)
}

// A channel that is used again has nothing in it.
func TestWakes(t *testing.T) {
	var w Wakes
	ch := w.Get()
	Wake(ch)
	Wake(ch)
	Wake(nil)
	w.Put(ch)
	w.Put(nil)
	assert.Equal(t, w.Get() == ch, true)
	assert.Equal(t, len(ch), 0)
	for range 2 * maxFreeWakes {
		w.Put(make(chan struct{}, 1))
	}
	assert.Equal(t, len(w.free), maxFreeWakes)
}

func TestRecvWindow(t *testing.T) {
	w := RecvWindow{Size: 100, Granted: 100}
	assert.Equal(t, w.Receive(60), true)
	assert.Equal(t, w.ShortOf(50), int64(10))
	assert.Equal(t, w.Refill(), int64(0))
	w.Consume(49)
	assert.Equal(t, w.Refill(), int64(0)) // less than half of it
	w.Consume(1)
	assert.Equal(t, w.Refill(), int64(50))
	assert.Equal(t, w.Held(), int64(100))
	assert.Equal(t, w.Receive(91), false)

	b := Budget{Limit: 10}
	assert.Equal(t, b.Grow(6, 10), true)
	assert.Equal(t, b.Grow(6, 10), false)
}

// TestWiden: a window grows to a size at once, while half of the budget lasts.
func TestWiden(t *testing.T) {
	budget := Budget{Limit: 1000, Used: 200}
	w := RecvWindow{Size: 100, Granted: 60, Buffered: 40}
	assert.Equal(t, w.Widen(300, &budget), int64(200))
	assert.Equal(t, w, RecvWindow{Size: 300, Granted: 260, Buffered: 40})
	assert.Equal(t, budget.Used, int64(400))
	assert.Equal(t, w.Widen(250, &budget), int64(0)) // it is wider
	assert.Equal(t, w.Widen(401, &budget), int64(0)) // beyond half of the budget
	assert.Equal(t, w.Widen(400, &budget), int64(100))
	closed := RecvWindow{}
	assert.Equal(t, closed.Widen(10, &Budget{Limit: 1000}), int64(0))
}

// Frames that are larger than the buffer, and what follows them.
func TestInput(t *testing.T) {
	near, far := mem.Pipe()
	defer near.Close()
	in := Input{Raw: far, MaxFrame: 20_000}
	assert.Equal(t, in.Dozes(), true)
	in.Begin([]byte("first"))
	assert.Equal(t, string(in.Rest()), "first")
	in.Skip(5)
	assert.Equal(t, len(in.Rest()), 0)
	sent := make([]byte, 60_000)
	for i := range sent {
		sent[i] = byte(i / 7)
	}
	go func() {
		near.Write(sent)
		near.CloseWrite()
	}()
	for at := 0; at < len(sent); {
		for len(in.Rest()) < min(15_000, len(sent)-at) {
			_, err := in.Fill()
			assert.NoError(t, err)
		}
		k := min(15_000, len(sent)-at)
		assert.Equal(t, string(in.Rest()[:k]) == string(sent[at:at+k]), true, at)
		in.Skip(k)
		at += k
	}
	_, err := in.Fill()
	assert.Equal(t, err, io.EOF)
	in.Free()
	in.Expect(ReadSmall)
	in.Doze()
	assert.Equal(t, in.Dozes(), true)
}

func BenchmarkWakes(b *testing.B) {
	var w Wakes
	b.ReportAllocs()
	for b.Loop() {
		ch := w.Get()
		Wake(ch)
		w.Put(ch)
	}
}
