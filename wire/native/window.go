// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

// The windows are plain state machines: no locks, no clocks, no I/O.

// connWindow is the credit that this side gives for a connection. It comes back
// as soon as bytes have left the socket, so it bounds what is on its way, not
// what is held.
const connWindow = 16 << 20

// recvWindow is the credit that this side has given for a stream or for the
// connection. Its capacity is held either by the peer, as granted credit, or
// here, by bytes that wait for a reader.
type recvWindow struct {
	size     int64 // what granted and buffered should add up to
	granted  int64 // what the peer may still send
	buffered int64 // what was received and not consumed
}

// receive counts a frame of the given cost; false if the peer had no credit
// for it.
func (w *recvWindow) receive(cost int64) bool {
	w.granted -= cost
	w.buffered += cost
	return w.granted >= 0
}

func (w *recvWindow) consume(cost int64) { w.buffered -= cost }

// refill grants what consuming has made free, once it is half the window, and
// returns how much.
func (w *recvWindow) refill() int64 {
	free := w.size - w.granted - w.buffered
	if free < w.size/2 {
		return 0
	}
	w.granted += free
	return free
}

// shortOf returns what must be granted so that the peer can send need more.
func (w *recvWindow) shortOf(need int64) int64 { return max(0, need-w.granted) }

// held is the part of the connection's budget that the window takes.
func (w *recvWindow) held() int64 { return max(w.size, w.granted+w.buffered) }

// messageCost is what sending n more bytes of a message costs at most.
func messageCost(n int64) int64 {
	// A sender never cuts off less than minPiece, less the announced total.
	return n + frameCost*(n/(minPiece/2)+2)
}

// minPiece is the smallest part of a message that a sender cuts off before the
// last one, so that scarce credit does not make a flood of tiny frames.
const minPiece = 1 << 10

// sendWindow is the credit that the peer has given.
type sendWindow struct{ credit int64 }

// add counts more credit; false if it is more than the protocol can count.
func (w *sendWindow) add(n uint64) bool {
	w.credit += int64(n)
	return n <= maxInt && w.credit <= maxInt
}

// room returns how many of want bytes may go into one frame, -1 if none may go
// now. An empty message needs credit for its frame alone.
func (w *sendWindow) room(want int64) int64 {
	n := min(want, w.credit-frameCost)
	if n < 0 || n < want && n < minPiece {
		return -1
	}
	return n
}

func (w *sendWindow) take(n int64) { w.credit -= n + frameCost }

func (w *sendWindow) giveBack(n int64) { w.credit += n + frameCost }

// budget bounds what all streams of a connection may hold.
type budget struct {
	limit, used int64
}

// grow reserves n more if afterwards no more than share of the budget is used.
func (b *budget) grow(n, share int64) bool {
	if b.used+n > share {
		return false
	}
	b.used += n
	return true
}
