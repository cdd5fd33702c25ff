// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mux

// RecvWindow is the credit that this side has given for a stream or for the
// connection. Its capacity is held either by the peer, as granted credit, or
// here, by bytes that wait for a reader.
type RecvWindow struct {
	Size     int64 // what Granted and Buffered should add up to
	Granted  int64 // what the peer may still send
	Buffered int64 // what was received and not consumed
}

// Receive counts a frame of the given cost; false if the peer had no credit
// for it.
func (w *RecvWindow) Receive(cost int64) bool {
	w.Granted -= cost
	w.Buffered += cost
	return w.Granted >= 0
}

// Consume counts bytes that no longer wait.
func (w *RecvWindow) Consume(cost int64) { w.Buffered -= cost }

// Refill grants what consuming has made free, once it is half the window, and
// returns how much.
func (w *RecvWindow) Refill() int64 {
	free := w.Size - w.Granted - w.Buffered
	if free < w.Size/2 {
		return 0
	}
	w.Granted += free
	return free
}

// WideWindow is the window for a response of many messages: a server that fills
// the usual one before the first message is read would wait for credit.
const WideWindow = 512 << 10

// Widen makes the window at least as large as size, if half of the budget has room
// for that, and returns what has to be granted, which the budget has reserved. A
// window of size 0 is closed, and stays so.
func (w *RecvWindow) Widen(size int64, b *Budget) int64 {
	n := size - w.Size
	if w.Size == 0 || n <= 0 || !b.Grow(n, b.Limit/2) {
		return 0
	}
	w.Size += n
	w.Granted += n
	return n
}

// ShortOf returns what must be granted so that the peer can send need more.
func (w *RecvWindow) ShortOf(need int64) int64 { return max(0, need-w.Granted) }

// Held is the part of a budget that the window takes.
func (w *RecvWindow) Held() int64 { return max(w.Size, w.Granted+w.Buffered) }

// Budget bounds what all streams of a connection may hold.
type Budget struct {
	Limit, Used int64
}

// Grow reserves n more if afterwards no more than share of the budget is used.
func (b *Budget) Grow(n, share int64) bool {
	if b.Used+n > share {
		return false
	}
	b.Used += n
	return true
}
