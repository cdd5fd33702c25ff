// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/curlewrpc/curlew/internal/assert"
)

func TestMain(m *testing.M) { assert.Main(m) }

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4, 100)
		ctx, cancel := context.WithCancelCause(t.Context())
		entered := make(chan error, 1)
		enter := func(n int) { go func() { entered <- g.enter(ctx, n) }() }
		waits := func(why string) {
			t.Helper()
			synctest.Wait()
			assert.Equal(t, len(entered), 0, why)
		}

		assert.NoError(t, g.enter(ctx, 500), "alone, a request may be larger than all the room")
		enter(1)
		waits("no bytes are left")
		g.leave(0, 500)
		assert.NoError(t, <-entered)
		assert.NoError(t, g.enter(ctx, 99), "exactly the room")
		assert.NoError(t, g.enter(ctx, 0), "no bytes need no room")
		enter(0)
		waits("four calls are in flight")
		g.leave(1, 0)
		assert.NoError(t, <-entered)

		enter(0)
		gone := errors.New("gone")
		cancel(gone)
		assert.ErrorIs(t, <-entered, gone)

		empty := make(chan bool, 1)
		go func() { empty <- g.wait(make(chan struct{})) }()
		g.leave(1, 1)
		g.leave(2, 0)
		synctest.Wait()
		assert.Equal(t, len(empty), 0, "one call is in flight")
		g.leave(1, 99)
		assert.True(t, <-empty, "all have left")

		assert.NoError(t, g.enter(t.Context(), 0))
		stop := make(chan struct{})
		close(stop)
		assert.True(t, !g.wait(stop), "stopped before all had left")
	})
}
