// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"math/rand/v2"
	"time"
)

// RetryDelay is how long a resolver or registrar waits, after failures in a
// row, from 1, before it asks its registry again: 200 ms at most, and twice as
// long each time, up to five seconds. The wait is a random part of that, and a
// tenth more, so that many do not come at once.
func RetryDelay(failures int) time.Duration {
	longest := min(5*time.Second, 200*time.Millisecond<<min(failures-1, 10))
	return longest/10 + rand.N(longest)
}
