// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"sync/atomic"
	"time"
)

// clock turns times into spans since the first time that it was shown, so that
// steps of the machine's clock do no harm where times are monotonic.
type clock struct{ epoch atomic.Pointer[time.Time] }

// at returns t, at least 1; 0 for the zero time, of which nothing is known.
func (c *clock) at(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	epoch := c.epoch.Load()
	if epoch == nil {
		first := t
		c.epoch.CompareAndSwap(nil, &first)
		epoch = c.epoch.Load()
	}
	return max(t.Sub(*epoch), 0) + 1
}
