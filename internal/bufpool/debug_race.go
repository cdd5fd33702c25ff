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

func prepare(b *Buf) *Buf {
	fill(b.B, freshByte)
	return b
}

// poison overwrites all of the buffer, also what lies beyond its length, and
// takes it away from b, so that a use through b panics.
func poison(b *Buf) {
	fill(b.B, freedByte)
	b.B = nil
}

func fill(p []byte, with byte) {
	p = p[:cap(p)]
	for n := copy(p, []byte{with}); n < len(p); n *= 2 { // the race detector makes single writes dear
		copy(p[n:], p[:n])
	}
}
