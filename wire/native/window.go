// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native

// The windows are plain state machines: no locks, no clocks, no I/O.

// connWindow is the credit that this side gives for a connection. It comes back
// as soon as bytes have left the socket, so it bounds what is on its way, not
// what is held.
const connWindow = 16 << 20

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
