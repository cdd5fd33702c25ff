// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
	"github.com/curlewrpc/curlew/internal/workers"
	"github.com/curlewrpc/curlew/wire"
)

// reader leads calls as a protocol's read loop does.
type reader struct {
	t      *testing.T
	d      *dispatch.Dispatcher
	loop   *workers.Loop
	passed atomic.Int64 // how often another goroutine had to go on
}

func newReader(t *testing.T, d *dispatch.Dispatcher) *reader {
	r := &reader{t: t, d: d}
	r.loop = d.NewLoop(func() { r.passed.Add(1) })
	return r
}

// lead leads one call and reports whether it is answered, and the loop kept.
func (r *reader) lead(in *incoming) (answered, kept bool) {
	kept = r.d.Lead(&in.Incoming, r.loop)
	select {
	case <-in.stream.finished:
		return true, kept
	default:
		return false, kept
	}
}

// trust leads calls of a method until one runs in the loop.
func (r *reader) trust(method string) {
	r.t.Helper()
	for range 1000 {
		in := newIncoming(r.t, r.d, "Arith", method, &pair{})
		assert.True(r.t, r.d.Lead(&in.Incoming, r.loop), "a short call keeps the loop")
		<-in.stream.finished
		synctest.Wait()
		if in.OnLoop {
			return
		}
	}
	r.t.Fatalf("%s never ran in the loop", method)
}

// inLead reports whether Lead is among the callers of who asks.
func inLead() bool {
	pc := make([]uintptr, 100)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "(*Dispatcher).Lead") {
			return true
		}
		if !more {
			return false
		}
	}
}

// sometimes is a service with one short method that calls do for a request whose
// A is not 0.
func sometimes(do func(*pair)) *curlew.Service {
	return arith(curlew.Unary("Do", func(_ context.Context, in *pair) (*sum, error) {
		if in.A != 0 {
			do(in)
		}
		return &sum{in.B}, nil
	}))
}

func TestLeadRunsShortCallsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var led bool
		d := serving(t, dispatch.Config{}, sometimes(func(*pair) { led = inLead() }))
		r := newReader(t, d)

		in := newIncoming(t, d, "Arith", "Do", &pair{1, 2})
		assert.True(t, d.Lead(&in.Incoming, r.loop), "a call of which nothing is known")
		<-in.stream.finished
		assert.Equal(t, led, false, "the first call runs in the loop")
		assert.Equal(t, in.OnLoop, false)

		r.trust("Do")
		in = newIncoming(t, d, "Arith", "Do", &pair{1, 7})
		answered, kept := r.lead(in)
		assert.True(t, answered && kept, "a trusted call is answered when Lead returns, and the loop kept")
		assert.Equal(t, led, true, "a trusted call runs in the loop")
		assert.Equal(t, in.OnLoop, true)
		assert.Equal(t, in.stream.reply, any(&sum{7}))
		assert.ErrorIs(t, in.HandlerContext().Err(), context.Canceled)
	})
}

func TestLeadDoesNotTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serving(t, dispatch.Config{}, arith(
			curlew.Unary("Slow", func(context.Context, *pair) (*sum, error) {
				<-time.After(100 * time.Microsecond)
				return &sum{}, nil
			}),
			curlew.ServerStream("Many", func(context.Context, *pair, curlew.Sender[sum]) error { return nil }),
		))
		r := newReader(t, d)
		for _, method := range []string{"Slow", "Many"} {
			for range 200 {
				in := newIncoming(t, d, "Arith", method, &pair{})
				assert.True(t, d.Lead(&in.Incoming, r.loop), method)
				<-in.stream.finished
				assert.Equal(t, in.OnLoop, false, method)
			}
		}
	})
}

// A handler that is not short gives up the loop, and is trusted again only after
// more short calls than before.
func TestLeadOfABlockedHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		d := serving(t, dispatch.Config{}, sometimes(func(*pair) { <-gate }))
		r := newReader(t, d)
		r.trust("Do")
		blocked := newIncoming(t, d, "Arith", "Do", &pair{1, 3})
		kept := make(chan bool, 1)
		go func() { kept <- d.Lead(&blocked.Incoming, r.loop) }()
		<-time.After(2 * time.Millisecond)
		synctest.Wait()
		assert.Equal(t, r.passed.Load(), 1, "how often the loop was passed on after 2 ms")

		next := newIncoming(t, d, "Arith", "Do", &pair{0, 4})
		assert.True(t, d.Lead(&next.Incoming, r.loop), "who goes on with the loop keeps it")
		<-next.stream.finished
		assert.Equal(t, next.OnLoop, false, "the method is trusted while a call of it blocks")
		close(gate)
		assert.Equal(t, <-kept, false, "Lead of the call that blocked: the loop is kept")
		assert.Equal(t, blocked.stream.reply, any(&sum{3}))

		next = newIncoming(t, d, "Arith", "Do", &pair{})
		assert.True(t, d.Lead(&next.Incoming, r.loop), "the loop is kept")
		<-next.stream.finished
		assert.Equal(t, next.OnLoop, false, "the method is trusted right after it has blocked")
		r.trust("Do")
		assert.Equal(t, r.passed.Load(), 1)
	})
}

func TestLeadSurvivesCrashes(t *testing.T) {
	for name, crash := range map[string]func(){
		"panic":           func() { panic("secret plan") },
		"Goexit":          runtime.Goexit,
		"panic, late":     func() { <-time.After(time.Second); panic("secret plan") },
		"Goexit, late":    func() { <-time.After(time.Second); runtime.Goexit() },
		"Goexit in panic": func() { defer runtime.Goexit(); panic("secret plan") },
	} {
		for where, message := range map[string]string{"handler": "in handler", "encoding": "in encoding of a reply", "observer": ""} {
			t.Run(name+" in "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					logger, logged := logs()
					d := serving(t, dispatch.Config{Logger: logger, MaxConcurrent: 1}, sometimes(func(*pair) { crash() }))
					r := newReader(t, d)
					r.trust("Do")
					in := newIncoming(t, d, "Arith", "Do", &pair{})
					switch where {
					case "handler":
						in.stream.request = &pair{1, 2}
					case "encoding":
						in.stream.finish = []func() *curlew.Error{func() *curlew.Error { crash(); return nil }}
					case "observer":
						in.Call.OnEnd(func(error) { crash() })
					}
					left := make(chan bool, 1)
					go func() {
						ended := true
						defer func() { left <- ended }()
						d.Lead(&in.Incoming, r.loop)
						ended = false
					}()
					exited := <-left
					synctest.Wait()
					assert.Equal(t, exited, strings.Contains(name, "Goexit"), "the goroutine of the loop has ended")
					wanted := int64(0)
					if exited || strings.Contains(name, "late") {
						wanted = 1
					}
					assert.Equal(t, r.passed.Load(), wanted, "how often the loop was passed on")
					<-in.stream.finished
					if message != "" {
						assert.Equal(t, in.stream.err.Code(), curlew.Internal)
						assert.Contains(t, in.stream.err.Message(), message)
					}
					assert.ErrorIs(t, in.HandlerContext().Err(), context.Canceled)
					assert.Contains(t, logged(), "Arith/Do")
					r.passed.Store(0)
					_, kept := r.lead(newIncoming(t, d, "Arith", "Do", &pair{}))
					assert.True(t, kept, "the loop goes on")
				})
			})
		}
	}
}

// Shutdown waits for calls that run in loops, whether their loops have gone on
// without them or not, and Lead refuses calls from then on.
func TestShutdownWaitsForLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		d := serving(t, dispatch.Config{}, sometimes(func(*pair) { <-gate }))
		fresh, passed := newReader(t, d), newReader(t, d)
		fresh.trust("Do")
		passed.trust("Do")
		block := func(r *reader) *incoming {
			in := newIncoming(t, d, "Arith", "Do", &pair{1, 5})
			go d.Lead(&in.Incoming, r.loop)
			return in
		}
		first := block(passed)
		<-time.After(time.Second)
		second := block(fresh)
		synctest.Wait()
		assert.Equal(t, passed.passed.Load(), 1)
		assert.Equal(t, d.Active()["Arith/Do"], 2)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, d.Shutdown(ctx), context.DeadlineExceeded)
		late := newIncoming(t, d, "Arith", "Do", &pair{})
		answered, kept := passed.lead(late)
		assert.True(t, answered && kept, "a call after Shutdown is refused at once, and the loop goes on")
		assert.Equal(t, late.stream.err.Code(), curlew.Unavailable)
		assert.Equal(t, late.stream.err.Progress(), curlew.Refused)

		close(gate)
		assert.NoError(t, d.Shutdown(t.Context()))
		for _, in := range []*incoming{first, second} {
			<-in.stream.finished
			assert.Equal(t, in.stream.reply, any(&sum{5}))
		}
		assert.Equal(t, len(d.Active()), 0)
	})
}

func BenchmarkDispatch(b *testing.B) {
	d, err := dispatch.New(dispatch.Config{})
	assert.NoError(b, err)
	assert.NoError(b, d.Register(arith()))
	defer d.Shutdown(b.Context())
	target, err := d.Lookup("Arith", "Add", wire.Attributes{})
	assert.NoError(b, err)
	peer := &curlew.Peer{Protocol: "fake"}
	request := &pair{1, 2}
	loop := d.NewLoop(func() { b.Error("a short call held up its loop") })
	for name, run := range map[string]func(*wire.Incoming){
		"Go":    d.Go,
		"Serve": d.Serve,
		"Lead":  func(in *wire.Incoming) { d.Lead(in, loop) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := &stream{request: request, finished: make(chan struct{})}
				in := &wire.Incoming{Context: context.Background(), Target: target, Stream: s, Peer: peer}
				run(in)
				<-s.finished
			}
		})
	}
}
