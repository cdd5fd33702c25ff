// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package client

import "sync/atomic"

// figures count what has happened in a pool.
type figures struct {
	dials, failed     atomic.Int64
	waited, exhausted atomic.Int64
	served            atomic.Int64 // calls on connections that have ended
	ended             [reasons]atomic.Int64
}
