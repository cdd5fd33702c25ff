// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
)

// ring holds the points of members on the circle of all hashes, in buckets by
// their first bits. A bucket's points are replaced, never changed, so that picks
// may read while nodes come and go, and that moves only their own points.
type ring struct {
	shift   int // of a hash, to the number of its bucket
	buckets []atomic.Pointer[[]point]
}

type point struct {
	at     uint64
	member *member
}

// pointsPerBucket is how many points a bucket of a new ring has, or half of it.
const pointsPerBucket = 8

// newRing returns a ring with the points, which it sorts.
func newRing(points []point) *ring {
	width := bits.Len(uint(len(points) / pointsPerBucket))
	r := &ring{shift: 64 - width, buckets: make([]atomic.Pointer[[]point], 1<<width)}
	ends := make([]int, len(r.buckets)+1)
	for _, p := range points {
		ends[p.at>>r.shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	sorted, next := make([]point, len(points)), slices.Clone(ends)
	for _, p := range points {
		b := p.at >> r.shift
		sorted[next[b]] = p
		next[b]++
	}
	for b := range r.buckets {
		if bucket := sorted[ends[b]:ends[b+1]:ends[b+1]]; len(bucket) > 0 {
			slices.SortFunc(bucket, comparePoints)
			r.buckets[b].Store(&bucket)
		}
	}
	return r
}

func comparePoints(a, b point) int { return cmp.Compare(a.at, b.at) }

// bucket returns the points of the bucket b.
func (r *ring) bucket(b uint64) []point {
	if p := r.buckets[b].Load(); p != nil {
		return *p
	}
	return nil
}

// add puts a point on the ring.
func (r *ring) add(p point) {
	b := p.at >> r.shift
	old := r.bucket(b)
	i, _ := slices.BinarySearchFunc(old, p, comparePoints)
	grown := make([]point, 0, len(old)+1)
	grown = append(append(append(grown, old[:i]...), p), old[i:]...)
	r.buckets[b].Store(&grown)
}

// remove takes a point off the ring.
func (r *ring) remove(p point) {
	b := p.at >> r.shift
	old := r.bucket(b)
	for i := range old {
		if old[i] == p {
			shrunk := append(slices.Clone(old[:i]), old[i+1:]...)
			r.buckets[b].Store(&shrunk)
			return
		}
	}
}

// from calls visit with the members at the points from a place on, until it
// returns true or there were that many points.
func (r *ring) from(place uint64, points int, visit func(*member) bool) {
	b := place >> r.shift
	bucket := r.bucket(b)
	i, _ := slices.BinarySearchFunc(bucket, point{at: place}, comparePoints)
	for empty := 0; points > 0 && empty <= len(r.buckets); {
		if i == len(bucket) {
			b, i, empty = (b+1)%uint64(len(r.buckets)), 0, empty+1
			bucket = r.bucket(b)
			continue
		}
		if visit(bucket[i].member) {
			return
		}
		i, points, empty = i+1, points-1, 0
	}
}
