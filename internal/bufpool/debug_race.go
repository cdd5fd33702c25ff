// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package bufpool

// debug says that buffers are poisoned instead of reused.
const debug = true

const (
	freshByte = 0xa5 // what Get fills a buffer with
	freedByte = 0xdb // what Free fills it with
)

func prepare(whole []byte, n, class int) *Buf {
	fill(whole, freshByte)
	return &Buf{B: whole[:n], whole: whole, class: class}
}

// poison overwrites all of the buffer, also what lies beyond its length, and
// takes it away from b, so that a use through b panics.
func poison(b *Buf) {
	fill(b.whole, freedByte)
	b.B, b.whole = nil, nil
}

func fill(p []byte, with byte) {
	for n := copy(p, []byte{with}); n < len(p); n *= 2 { // the race detector makes single writes dear
		copy(p[n:], p[:n])
	}
}
