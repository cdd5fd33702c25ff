// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var whole histogram
	var all []float64
	for range 8 {
		var part histogram
		for range 5000 {
			d := time.Duration(math.Exp(rng.NormFloat64()*2 + 10))
			part.add(d)
			all = append(all, float64(d))
		}
		whole.merge(&part)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)] / 1e3
		if got := whole.quantile(q); math.Abs(got-want) > 0.01*want+0.001 {
			t.Errorf("quantile %v is %v µs, want %v within 1 %%", q, got, want)
		}
	}
}

func TestBuckets(t *testing.T) {
	for _, v := range []uint64{0, 1, 63, 64, 65, 127, 128, 129, 1000, 1 << 20, 1<<40 + 12345, math.MaxInt64} {
		b := bucketOf(v)
		if b < 0 || b >= len(new(histogram).buckets) {
			t.Fatalf("bucket %d of %d is outside the histogram", b, v)
		}
		if m := middleOf(b); math.Abs(m-float64(v)) > 0.009*float64(v) {
			t.Errorf("the middle of the bucket of %d is %v", v, m)
		}
	}
}
