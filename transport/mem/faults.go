// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package mem

import "time"

// Faults is what is wrong with one direction of a connection. The zero value is
// a perfect line.
type Faults struct {
	// Latency is how long bytes, and the news that the sender has closed or
	// reset the connection, are under way. The order is always kept.
	Latency time.Duration

	// Chop, if positive, is the largest number of bytes that one Read returns
	// and one TryWrite takes.
	Chop int

	// Cut says what happens when CutAfter bytes have been sent in this
	// direction since the connection began; CutNone means nothing. It happens
	// with the last of these bytes, so with CutAfter 0 at once. The bytes
	// before it arrive.
	Cut      Cut
	CutAfter int64
}

// Cut is a way of losing a connection.
type Cut uint8

const (
	// CutNone leaves the connection alone.
	CutNone Cut = iota

	// CutReset resets the connection: both ends get ECONNRESET, a Read after
	// the bytes that are still under way.
	CutReset

	// CutClose closes the connection at both ends, as if each had seen the
	// other close it: Read gives the bytes that are still under way, then
	// io.EOF, Write fails with EPIPE.
	CutClose

	// CutSilent lets nothing more arrive, neither bytes nor the news of a close
	// or a reset, and tells nobody. Writes succeed until the buffer is full.
	// When the fault is lifted by Conn.SetFaults, what was held back arrives.
	CutSilent
)
