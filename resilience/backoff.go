// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"math"
	"time"
)

// Backoff says how long to wait between tries of something that keeps failing:
// a few quick retries, for what fails for a moment, then exponentially longer
// waits with full jitter, so that many who wait for the same thing spread out
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
type Backoff struct {
	// Fast is the number of quick retries: 2. Negative means none.
	Fast int
	// FastDelay is the longest wait before a quick retry: 20 ms.
	FastDelay time.Duration
	// Base is the longest wait before the first slow retry: 200 ms.
	Base time.Duration
	// Factor is by how much the longest wait grows with each further retry: 2.
	Factor float64
	// Max is the longest wait of all: 15 s.
	Max time.Duration
}

// Delay returns the wait after the given number of failures in a row, from 1.
// The chance is a random number from [0, 1); the wait is that part of the
// longest wait.
func (b Backoff) Delay(failures int, chance float64) time.Duration {
	b = b.withDefaults()
	if failures <= b.Fast {
		return time.Duration(chance * float64(b.FastDelay))
	}
	longest := float64(b.Base) * math.Pow(b.Factor, float64(failures-b.Fast-1))
	return time.Duration(chance * min(longest, float64(b.Max)))
}

// Check returns what is wrong with b, or nil.
func (b Backoff) Check() error {
	switch {
	case b.FastDelay < 0 || b.Base < 0 || b.Max < 0:
		return fmt.Errorf("resilience: backoff with a negative wait (FastDelay %v, Base %v, Max %v)", b.FastDelay, b.Base, b.Max)
	case b.Factor != 0 && !(b.Factor >= 1 && b.Factor <= 100):
		return fmt.Errorf("resilience: backoff with factor %v; it must be from 1 to 100", b.Factor)
	}
	if d := b.withDefaults(); d.Max < d.Base {
		return fmt.Errorf("resilience: backoff with Max %v below Base %v", d.Max, d.Base)
	}
	return nil
}

func (b Backoff) withDefaults() Backoff {
	if b.Fast == 0 {
		b.Fast = 2
	}
	if b.FastDelay == 0 {
		b.FastDelay = 20 * time.Millisecond
	}
	if b.Base == 0 {
		b.Base = 200 * time.Millisecond
	}
	if b.Factor == 0 {
		b.Factor = 2
	}
	if b.Max == 0 {
		b.Max = 15 * time.Second
	}
	b.Fast = max(b.Fast, 0)
	return b
}
