// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bucket is how many durations there were of about one value.
type Bucket struct {
	Value time.Duration
	Count int64
}

// Distribution is how durations were spread: buckets by ascending value, none
// of them empty. In JSON it is one array of values in nanoseconds and counts in
// turn.
type Distribution []Bucket

// DistributionOf returns what a histogram of nanoseconds has counted.
func DistributionOf(h *hdrhistogram.Histogram) Distribution {
	var d Distribution
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			d = append(d, Bucket{time.Duration(bar.From + (bar.To-bar.From)/2), bar.Count})
		}
	}
	return d
}

// Merge returns the distribution of what a and b have counted.
func Merge(a, b Distribution) Distribution {
	merged := make(Distribution, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Value < b[0].Value:
			merged, a = append(merged, a[0]), a[1:]
		case b[0].Value < a[0].Value:
			merged, b = append(merged, b[0]), b[1:]
		default:
			merged = append(merged, Bucket{a[0].Value, a[0].Count + b[0].Count})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

// Count returns how many durations there were.
func (d Distribution) Count() int64 {
	var n int64
	for _, b := range d {
		n += b.Count
	}
	return n
}

// Quantile returns the smallest value that at least the share q of all
// durations do not exceed; 0 if there are none.
func (d Distribution) Quantile(q float64) time.Duration {
	rank := max(int64(math.Ceil(q*float64(d.Count()))), 1)
	for _, b := range d {
		if rank -= b.Count; rank <= 0 {
			return b.Value
		}
	}
	if len(d) == 0 {
		return 0
	}
	return d[len(d)-1].Value
}

// Mean returns the arithmetic mean; 0 if there are no durations.
func (d Distribution) Mean() time.Duration {
	n := float64(d.Count())
	if n == 0 {
		return 0
	}
	var sum float64
	for _, b := range d {
		sum += float64(b.Value) * float64(b.Count)
	}
	return time.Duration(sum / n)
}

// Deviation returns the standard deviation; 0 if there are no durations.
func (d Distribution) Deviation() time.Duration {
	n := float64(d.Count())
	if n == 0 {
		return 0
	}
	mean := float64(d.Mean())
	var sum float64
	for _, b := range d {
		off := float64(b.Value) - mean
		sum += off * off * float64(b.Count)
	}
	return time.Duration(math.Sqrt(sum / n))
}

// Min is about the smallest duration; 0 if there are none.
func (d Distribution) Min() time.Duration {
	if len(d) == 0 {
		return 0
	}
	return d[0].Value
}

// Max is about the largest duration; 0 if there are none.
func (d Distribution) Max() time.Duration {
	if len(d) == 0 {
		return 0
	}
	return d[len(d)-1].Value
}

// MarshalJSON writes values and counts in turn.
func (d Distribution) MarshalJSON() ([]byte, error) {
	flat := make([]int64, 0, 2*len(d))
	for _, b := range d {
		flat = append(flat, int64(b.Value), b.Count)
	}
	return json.Marshal(flat)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Distribution) UnmarshalJSON(text []byte) error {
	var flat []int64
	if err := json.Unmarshal(text, &flat); err != nil {
		return err
	}
	if len(flat)%2 != 0 {
		return errors.New("a distribution has a value without a count")
	}
	read := make(Distribution, 0, len(flat)/2)
	for pair := range slices.Chunk(flat, 2) {
		b := Bucket{time.Duration(pair[0]), pair[1]}
		if b.Count <= 0 || len(read) > 0 && b.Value <= read[len(read)-1].Value {
			return fmt.Errorf("a distribution's value %d is out of order or has no count", pair[0])
		}
		read = append(read, b)
	}
	*d = read
	return nil
}
