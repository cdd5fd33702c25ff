// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math/bits"
	"time"
)

// subBits are the bits of a duration that its bucket keeps after the first: a
// bucket is at most 1.6 % wide.
const subBits = 6

// histogram counts durations in buckets. It is not safe for concurrent use.
type histogram struct {
	buckets [(64 - subBits + 1) << subBits]uint32
	n       int64
	max     time.Duration
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucketOf(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// bucketOf numbers the bucket of v: v itself while it is small, then its
// exponent and its subBits leading bits after the first.
func bucketOf(v uint64) int {
	shift := bits.Len64(v) - subBits - 1
	if shift <= 0 {
		return int(v)
	}
	return shift<<subBits + int(v>>shift)
}

// middleOf is the middle of a bucket.
func middleOf(bucket int) float64 {
	shift := bucket>>subBits - 1
	if shift <= 0 {
		return float64(bucket)
	}
	low := uint64(bucket-shift<<subBits) << shift
	return float64(low) + float64(uint64(1)<<shift)/2
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// quantile returns the q-quantile in microseconds; 0 if nothing was counted.
func (h *histogram) quantile(q float64) float64 {
	rank := int64(q * float64(h.n))
	for i, n := range h.buckets {
		if rank -= int64(n); rank < 0 {
			return min(middleOf(i), float64(h.max)) / 1e3
		}
	}
	return float64(h.max) / 1e3
}
