// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package bufpool

import (
	"math/bits"
	"sync"
)

const (
	minShift = 8  // the smallest class is 256 bytes
	maxShift = 23 // the largest class is 8 MiB
	classes  = 2*(maxShift-minShift) + 1

	// unpooled is the class of a buffer that Free leaves to the collector.
	unpooled = -1
)

// MaxSize is the size of the largest buffer that is kept for reuse.
const MaxSize = 1 << maxShift

// pools holds the free buffers of each class, large that of large ones first.
var (
	pools [classes]sync.Pool
	large shelf
)

// Buf is a buffer on loan. It is not safe for concurrent use.
type Buf struct {
	// B may be resliced, also from its front, and appended to. If an append moves
	// it to another array, Free leaves that array to the collector; Grow avoids
	// that.
	B []byte

	whole []byte // the array that is on loan; nil: B is not the pool's
	class int
	free  bool
}

// Get returns a buffer with len(B) == n and arbitrary content.
func Get(n int) *Buf {
	class := classOf(n)
	if class == unpooled {
		return prepare(make([]byte, n), n, class)
	}
	var b *Buf
	if class >= shelved {
		b = large.get(class)
	}
	if b == nil {
		b, _ = pools[class].Get().(*Buf)
	}
	if b != nil {
		b.B = b.whole[:n]
		b.free = false
		return b
	}
	return prepare(make([]byte, classSize(class)), n, class)
}

// Free gives the buffer back. Neither b nor the bytes of b.B may be used
// afterwards; freeing twice panics.
func (b *Buf) Free() {
	if b.free {
		panic("bufpool: buffer freed twice")
	}
	b.free = true
	if debug {
		poison(b)
		return
	}
	if b.class != unpooled && b.whole != nil {
		b.B = nil
		if b.class < shelved || !large.put(b) {
			pools[b.class].Put(b)
		}
	}
}

// Grow makes room for n more bytes after the len(b.B) present ones, moving
// those to a buffer of a larger class if need be. It keeps len(b.B).
func (b *Buf) Grow(n int) {
	if n <= cap(b.B)-len(b.B) {
		return
	}
	// Doubling keeps a series of small appends linear, also beyond MaxSize.
	larger := Get(max(len(b.B)+n, 2*cap(b.B)))
	larger.B = larger.B[:copy(larger.B, b.B)]
	b.B, larger.B = larger.B, b.B
	b.whole, larger.whole = larger.whole, b.whole
	b.class, larger.class = larger.class, b.class
	larger.Free()
}

// Write appends p, growing the buffer; the error is always nil. It makes a Buf
// an io.Writer for encoders.
func (b *Buf) Write(p []byte) (int, error) {
	b.Grow(len(p))
	b.B = append(b.B, p...)
	return len(p), nil
}

// classOf returns the smallest class that holds n bytes, or unpooled.
func classOf(n int) int {
	switch {
	case n <= 1<<minShift:
		return 0
	case n > MaxSize:
		return unpooled
	}
	shift := bits.Len(uint(n - 1)) // 1<<(shift-1) < n <= 1<<shift
	class := 2 * (shift - minShift)
	if n <= 3<<(shift-2) {
		class-- // 1.5 times the power of two below
	}
	return class
}

// classSize returns the capacity of the buffers of a class.
func classSize(class int) int {
	shift := minShift + class/2
	if class%2 == 0 {
		return 1 << shift
	}
	return 3 << (shift - 1)
}
