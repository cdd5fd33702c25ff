// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/wire"
)

// starting is a fake that the listener starts rather than serves.
type starting struct {
	fake
	start func(ctx context.Context, conn *wire.Conn, ended func(error)) (drain func())
}

func (s starting) Serve(context.Context, *wire.Conn, wire.Dispatcher) error { panic("not wanted") }

func (s starting) Start(ctx context.Context, conn *wire.Conn, _ wire.Dispatcher, ended func(error)) func() {
	return s.start(ctx, conn, ended)
}

// started tells of one connection.
type started struct {
	conn   *wire.Conn
	ended  func(error)
	drains int
}

func serveStarting(t *testing.T, starts chan *started) *rig {
	return serve(t, wire.ListenerConfig{Framings: []wire.Framing{starting{
		fake: fake{name: "starting", magic: "s"},
		start: func(_ context.Context, conn *wire.Conn, ended func(error)) func() {
			s := &started{conn: conn, ended: ended}
			starts <- s
			return func() { s.drains++ }
		},
	}}})
}

func TestListenerStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := make(chan *started, 2)
		r := serveStarting(t, starts)
		dialed, other := r.dial(), r.dial()
		io.WriteString(dialed, "s")
		first := <-starts
		io.WriteString(other, "s")
		second := <-starts
		synctest.Wait()
		assert.Equal(t, first.drains, 0)
		second.ended(io.ErrUnexpectedEOF)
		_, err := other.Read(make([]byte, 1))
		assert.True(t, err != nil, "the connection is closed when it has ended")
		assert.Contains(t, r.log.String(), "unexpected EOF")

		r.source.Drain()
		assert.Equal(t, first.drains, 1)
		assert.Equal(t, second.drains, 0, "drains of what has ended")
		select {
		case <-r.served:
			t.Error("Serve returned before all that was started had ended")
		case <-time.After(time.Hour):
		}
		first.ended(nil)
		assert.NoError(t, r.ended())
	})
}

// A connection that starts while the listener begins to drain is told.
func TestListenerStartsWhileItDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := make(chan *started) // Start waits
		r := serveStarting(t, starts)
		io.WriteString(r.dial(), "s")
		synctest.Wait()
		r.source.Drain()
		s := <-starts
		synctest.Wait()
		assert.Equal(t, s.drains, 1)
		s.ended(nil)
		assert.NoError(t, r.ended())
	})
}

func TestListenerStopsWhatItHasStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := make(chan *started, 1)
		r := serveStarting(t, starts)
		io.WriteString(r.dial(), "s")
		s := <-starts
		go func() {
			_, err := io.Copy(io.Discard, s.conn)
			s.ended(err)
		}()
		synctest.Wait()
		r.source.Close()
		assert.NoError(t, r.ended())
	})
}

func TestListenerSurvivesAPanicInStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, wire.ListenerConfig{Framings: []wire.Framing{starting{
			fake:  fake{name: "starting", magic: "s"},
			start: func(context.Context, *wire.Conn, func(error)) func() { panic("a bug") },
		}}})
		assert.Equal(t, r.tell("s"), "")
		synctest.Wait()
		assert.Contains(t, r.log.String(), "a bug")
	})
}
