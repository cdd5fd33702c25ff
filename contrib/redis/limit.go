// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package redis

import (
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Limit is a rate that processes share. What is zero has the default named.
type Limit struct {
	// Name is the limit's in Redis: every process with the same name and the
	// same figures shares it. It is required.
	Name string
	// PerSecond is how many calls a second may begin, from 0.001 to 1,000,000.
	// It is required.
	PerSecond float64
	// Burst is how many calls may begin at once after a pause: as many as in a
	// tenth of a second, and at least 1.
	Burst int
	// Batch is how many tokens a process takes from Redis at a time at most,
	// while it spends them within Hold: as many as in 10 ms, at least 1 and at
	// most Burst. 1 asks Redis for every call.
	Batch int
	// Hold is how long such tokens are good: 100 ms.
	Hold time.Duration
	// Timeout is how long a call waits for Redis: 50 ms, and a quarter of the
	// time that the call has left if that is less.
	Timeout time.Duration
	// Share is the part of the limit that this process keeps to by itself
	// while Redis does not answer: 1, the whole. With N processes, 1/N keeps
	// all of them together to the limit, if they get like shares of the calls.
	Share float64
	// Keys is how many keys' state is kept in this process, of those used last:
	// 10,000. Redis forgets a key by itself once its bucket is full.
	Keys int
	// Logger is told, once each, that Redis has stopped answering and that it
	// answers again: slog.Default().
	Logger *slog.Logger
}

// Check returns what is wrong with l, or nil.
func (l Limit) Check() error {
	switch {
	case l.Name == "":
		return fmt.Errorf("redis: a limit without a name; it is the limit's key in Redis")
	case !(l.PerSecond >= 0.001 && l.PerSecond <= 1e6):
		return fmt.Errorf("redis: limit %q of %v calls a second; it must be from 0.001 to 1,000,000", l.Name, l.PerSecond)
	case l.Burst < 0 || l.Burst > 1e6:
		return fmt.Errorf("redis: limit %q with a burst of %d; it must be from 1 to 1,000,000", l.Name, l.Burst)
	case l.Batch < 0 || l.Batch > l.withDefaults().Burst:
		return fmt.Errorf("redis: limit %q with a batch of %d; it must be from 1 to its Burst of %d", l.Name, l.Batch, l.withDefaults().Burst)
	case l.Hold < 0 || l.Timeout < 0 || l.Keys < 0:
		return fmt.Errorf("redis: limit %q with a negative figure (Hold %v, Timeout %v, Keys %d)", l.Name, l.Hold, l.Timeout, l.Keys)
	case !(l.Share >= 0 && l.Share <= 1):
		return fmt.Errorf("redis: limit %q with a share of %v; it is a part of the limit, more than 0 and at most 1", l.Name, l.Share)
	}
	return nil
}

func (l Limit) withDefaults() Limit {
	if l.Burst == 0 {
		l.Burst = max(1, int(math.Ceil(l.PerSecond/10)))
	}
	if l.Batch == 0 {
		l.Batch = min(max(1, int(l.PerSecond/100)), l.Burst)
	}
	if l.Hold == 0 {
		l.Hold = 100 * time.Millisecond
	}
	if l.Timeout == 0 {
		l.Timeout = 50 * time.Millisecond
	}
	if l.Share == 0 {
		l.Share = 1
	}
	if l.Keys == 0 {
		l.Keys = 10_000
	}
	if l.Logger == nil {
		l.Logger = slog.Default()
	}
	return l
}
