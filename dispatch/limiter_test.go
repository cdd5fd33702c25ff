// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"testing"

	"github.com/curlewrpc/curlew/internal/assert"
)

// TestLeaveAfterTheTurnCame has a waiter leave although a place has just been
// handed to it: the place must not be lost.
func TestLeaveAfterTheTurnCame(t *testing.T) {
	l := newLimiter("the test", 1, 1)
	assert.NoError(t, l.acquire(context.Background()))
	place := l.waiting.PushBack(make(chan struct{}))
	l.release()
	assert.Equal(t, l.running, 1, "the place is the waiter's")
	l.leave(place)
	assert.Equal(t, l.running, 0)
	assert.NoError(t, l.acquire(context.Background()))
}
