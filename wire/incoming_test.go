// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

type outerKey struct{}

// incoming returns a call on a connection whose context the test may end.
func incoming(t *testing.T, expires time.Time) (*wire.Incoming, context.CancelCauseFunc) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), outerKey{}, "outer"))
	t.Cleanup(func() { cancel(nil) })
	in := &wire.Incoming{Context: ctx, Expires: expires}
	t.Cleanup(func() { in.Cancel(nil) })
	return in, cancel
}

var errGone = errors.New("the client went away")

// TestHandlerContextEnds ends a handler's context in each way, with somebody
// waiting on it already or only later.
func TestHandlerContextEnds(t *testing.T) {
	for name, c := range map[string]struct {
		expires    time.Duration
		end        func(in *wire.Incoming, conn context.CancelCauseFunc)
		err, cause error
	}{
		"cancel":           {0, func(in *wire.Incoming, _ context.CancelCauseFunc) { in.Cancel(errGone) }, context.Canceled, errGone},
		"first cancel":     {0, func(in *wire.Incoming, _ context.CancelCauseFunc) { in.Cancel(errGone); in.Cancel(nil) }, context.Canceled, errGone},
		"connection":       {0, func(_ *wire.Incoming, conn context.CancelCauseFunc) { conn(errGone) }, context.Canceled, errGone},
		"deadline":         {time.Second, func(*wire.Incoming, context.CancelCauseFunc) { <-time.After(time.Second) }, context.DeadlineExceeded, context.DeadlineExceeded},
		"before deadline":  {time.Second, func(in *wire.Incoming, _ context.CancelCauseFunc) { in.Cancel(errGone) }, context.Canceled, errGone},
		"without a reason": {0, func(in *wire.Incoming, _ context.CancelCauseFunc) { in.Cancel(nil) }, context.Canceled, context.Canceled},
	} {
		for _, early := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var expires time.Time
					if c.expires > 0 {
						expires = time.Now().Add(c.expires)
					}
					in, conn := incoming(t, expires)
					ctx := in.HandlerContext()
					assert.NoError(t, ctx.Err())
					deadline, ok := ctx.Deadline()
					assert.Equal(t, ok, c.expires > 0)
					assert.Equal(t, deadline, expires)
					var derived context.Context
					var cancel context.CancelFunc
					if early {
						derived, cancel = context.WithCancel(ctx)
						defer cancel()
						assert.NoError(t, derived.Err())
					}
					c.end(in, conn)
					synctest.Wait()
					assert.Equal(t, ctx.Err(), c.err)
					<-ctx.Done()
					assert.Equal(t, ctx.Err(), c.err)
					assert.ErrorIs(t, context.Cause(ctx), c.cause)
					if !early {
						derived, cancel = context.WithCancel(ctx)
						defer cancel()
					}
					<-derived.Done()
					assert.Equal(t, derived.Err(), c.err)
					assert.ErrorIs(t, context.Cause(derived), c.cause)
				})
			})
		}
	}
}

func TestHandlerContextDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		early, _ := outer.Deadline()
		for expires, want := range map[time.Time]time.Time{
			{}:                                early,
			time.Now().Add(time.Hour):         early,
			time.Now().Add(time.Second):       time.Now().Add(time.Second),
			time.Now().Add(-10 * time.Second): time.Now().Add(-10 * time.Second),
		} {
			in := &wire.Incoming{Context: outer, Expires: expires}
			got, ok := in.HandlerContext().Deadline()
			assert.True(t, ok, "a deadline")
			assert.Equal(t, got, want)
		}
		late := &wire.Incoming{Context: outer, Expires: time.Now().Add(-time.Second)}
		assert.Equal(t, late.HandlerContext().Err(), context.DeadlineExceeded, "nobody waits on it")
		<-late.HandlerContext().Done()
		late.Cancel(nil)
		assert.Equal(t, late.HandlerContext().Err(), context.DeadlineExceeded)
	})
}

type innerKey struct{}

func TestHandlerContextValues(t *testing.T) {
	in, _ := incoming(t, time.Time{})
	ctx := in.HandlerContext()
	assert.True(t, curlew.CallFrom(ctx) == &in.Call, "the call")
	assert.Equal(t, ctx.Value(outerKey{}), any("outer"))
	derived, cancel := context.WithTimeout(context.WithValue(ctx, innerKey{}, "inner"), time.Hour)
	defer cancel()
	assert.True(t, curlew.CallFrom(derived) == &in.Call, "the call from a derived context")
	assert.Equal(t, derived.Value(outerKey{}), any("outer"))
}

// TestHandlerContextIsCheap counts goroutines: contexts derived from a
// handler's must not cost any.
func TestHandlerContextIsCheap(t *testing.T) {
	in, _ := incoming(t, time.Now().Add(time.Hour))
	before := runtime.NumGoroutine()
	for range 100 {
		ctx, cancel := context.WithCancel(in.HandlerContext())
		defer cancel()
		ctx, cancel = context.WithTimeout(ctx, time.Minute)
		defer cancel()
		defer context.AfterFunc(ctx, func() {})()
	}
	assert.True(t, runtime.NumGoroutine() <= before, "goroutines:", runtime.NumGoroutine(), "after", before)
}
