// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
)

// source gives random numbers without a lock that callers share.
type source struct{ state atomic.Uint64 }

// next returns a random number; if seed is not 0, the next of a sequence that
// follows from it (splitmix64, https://prng.di.unimi.it/splitmix64.c).
func (s *source) next(seed uint64) uint64 {
	if seed == 0 {
		return rand.Uint64()
	}
	return mix(seed + s.state.Add(golden))
}

const golden = 0x9e3779b97f4a7c15

// mix spreads the bits of x over all of them.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below maps a random number to one of [0, n).
func below(random uint64, n int) int {
	high, _ := bits.Mul64(random, uint64(n))
	return int(high)
}

// fraction maps a random number to one of [0, 1).
func fraction(random uint64) float64 { return float64(random>>11) / (1 << 53) }
