// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// octaves and steps divide durations from 1 µs to 36 minutes into buckets that
	// are an eighth of a power of two wide.
	octaves = 28
	steps   = 8
	// histogramWarm is how many durations there must be to say anything.
	histogramWarm = 100
	// histogramHalf is after how many durations the old ones count half.
	histogramHalf = 1024
	// histogramLook is after how many durations the quantile is worked out anew.
	histogramLook = 32
)

// histogram estimates a quantile of durations, of which the latest count most.
// It is lock-free; of durations that come while the counts are halved some may
// be lost.
type histogram struct {
	quantile float64
	n        atomic.Uint64
	counts   [octaves * steps]atomic.Uint32
	value    atomic.Int64
}

// record takes a duration.
func (h *histogram) record(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
	n := h.n.Add(1)
	if n%histogramHalf == 0 {
		for i := range h.counts {
			c := h.counts[i].Load()
			h.counts[i].Add(-(c - c/2)) // nothing stays of a single old one
		}
	}
	if n >= histogramWarm && n%histogramLook == 0 || n == histogramWarm {
		h.value.Store(int64(h.estimate()))
	}
}

// get returns the quantile, and whether enough is known for it.
func (h *histogram) get() (time.Duration, bool) {
	v := h.value.Load()
	return time.Duration(v), v > 0
}

// estimate returns the upper end of the bucket in which the quantile lies.
func (h *histogram) estimate() time.Duration {
	var total uint64
	for i := range h.counts {
		total += uint64(h.counts[i].Load())
	}
	below := uint64(h.quantile * float64(total))
	for i := range h.counts {
		if c := uint64(h.counts[i].Load()); c > below {
			return bucketEnd(i)
		} else {
			below -= c
		}
	}
	return bucketEnd(len(h.counts) - 1)
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d, 0)/time.Microsecond) + steps // so that there are steps in the first octave
	octave := bits.Len64(us) - 4
	step := int(us>>octave) - steps
	return min(octave*steps+step, octaves*steps-1)
}

func bucketEnd(i int) time.Duration {
	octave, step := i/steps, i%steps
	return time.Duration((steps+step+1)<<octave-steps) * time.Microsecond
}
