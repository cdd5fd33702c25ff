// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	for failures, longest := range map[int]time.Duration{1: 200 * time.Millisecond, 2: 400 * time.Millisecond, 6: 5 * time.Second, 1000: 5 * time.Second} {
		for range 100 {
			if got := RetryDelay(failures); got < longest/10 || got > longest+longest/10 {
				t.Errorf("after %d failures it waits %v, not up to %v", failures, got, longest)
			}
		}
	}
}
