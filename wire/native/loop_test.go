// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package native_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/wire"
)

// prompt is the time within which calls are answered beside one that turns out
// not to be short.
const prompt = 5 * time.Millisecond

var (
	loopDo = curlew.Unary[message, message]("Loop/Do", nil)
	backDo = curlew.Unary[message, message]("Back/Do", nil)
)

// inReadLoop reports whether the read loop is among the callers of who asks.
func inReadLoop() bool {
	pc := make([]uintptr, 100)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "native.(*conn).read") {
			return true
		}
		if !more {
			return false
		}
	}
}

// doing is a service of one method that answers at once, or with what do returns
// if the request has a text.
func doing(name string, do func(ctx context.Context, m *message) (*message, error)) *curlew.Service {
	return curlew.NewService(name, curlew.Unary("Do", func(ctx context.Context, m *message) (*message, error) {
		switch m.Text {
		case "":
			return m, nil
		case "in loop?":
			if inReadLoop() {
				return &message{N: 1}, nil
			}
			return m, nil
		}
		return do(ctx, m)
	}))
}

// trust calls m until its calls run in the read loop.
func trust(t *testing.T, c curlew.Caller, m *curlew.Method) {
	t.Helper()
	for range 10_000 {
		var got message
		if err := c.Invoke(t.Context(), m, &message{Text: "in loop?"}, &got); err != nil {
			t.Fatal(err)
		}
		if got.N == 1 {
			return
		}
	}
	t.Fatalf("%s never runs in the read loop", m.FullName())
}

// answered makes a call and checks that it is answered promptly.
func (p *pair) answered(t *testing.T, m *message, want error) {
	t.Helper()
	begun := time.Now()
	err := p.caller.Invoke(t.Context(), loopDo, m, new(message))
	if !errors.Is(err, want) {
		t.Errorf("Do(%q): %v, want %v", m.Text, err, want)
	}
	if took := time.Since(begun); took > prompt {
		t.Errorf("Do(%q) took %v", m.Text, took)
	}
}

// Two calls that wait for one another, on one connection, of a method that has
// been short so far.
func TestRendezvousInTheReadLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var met atomic.Int64
		table := make(chan *message)
		p := connect(t, wire.Limits{}, nil, doing("Loop", func(_ context.Context, m *message) (*message, error) {
			select {
			case table <- m:
				return m, nil
			case other := <-table:
				met.Add(1)
				return other, nil
			}
		}))
		for range 5 {
			trust(t, p.caller, loopDo)
			var group sync.WaitGroup
			for range 6 {
				group.Go(func() { p.answered(t, &message{Text: "meet"}, nil) })
				group.Go(func() { p.answered(t, &message{}, nil) })
			}
			group.Wait()
		}
		if met.Load() != 15 {
			t.Errorf("%d pairs have met, want 15", met.Load())
		}
	})
}

// Calls beside, before and after one that blocks in the loop are answered, also
// those whose answers were held when it began.
func TestCallsBesideABlockedOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := connect(t, wire.Limits{}, nil, doing("Loop", func(_ context.Context, m *message) (*message, error) {
			<-gate
			return m, nil
		}))
		trust(t, p.caller, loopDo)
		var beside, blocked sync.WaitGroup
		for i := range 32 {
			if i == 16 {
				blocked.Go(func() {
					if err := p.caller.Invoke(t.Context(), loopDo, &message{Text: "block"}, new(message)); err != nil {
						t.Errorf("the call that blocked: %v", err)
					}
				})
			}
			beside.Go(func() { p.answered(t, &message{}, nil) })
		}
		beside.Wait()
		for range 100 {
			p.answered(t, &message{}, nil)
		}
		close(gate)
		begun := time.Now()
		blocked.Wait()
		if took := time.Since(begun); took > prompt {
			t.Errorf("the answer of the call that blocked came %v after the handler's", took)
		}
	})
}

// A handler in the read loop calls the client, which answers through the same
// loop, several deep and in both loops.
func TestCallBackFromTheReadLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		descend := func(m *curlew.Method) func(context.Context, *message) (*message, error) {
			return func(ctx context.Context, in *message) (*message, error) {
				if in.N == 0 {
					return in, nil
				}
				var got message
				err := curlew.CallFrom(ctx).Peer().Caller().Invoke(ctx, m, &message{Text: "down", N: in.N - 1}, &got)
				got.N++
				return &got, err
			}
		}
		var peer curlew.Caller
		serve := descend(backDo)
		p := connect(t, wire.Limits{}, doing("Back", descend(loopDo)), doing("Loop", func(ctx context.Context, m *message) (*message, error) {
			if m.Text == "who" {
				peer = curlew.CallFrom(ctx).Peer().Caller()
				return m, nil
			}
			return serve(ctx, m)
		}))
		p.answered(t, &message{Text: "who"}, nil)
		for _, depth := range []int{1, 2, 4, 7} {
			trust(t, p.caller, loopDo)
			trust(t, peer, backDo)
			begun := time.Now()
			var got message
			if err := p.caller.Invoke(t.Context(), loopDo, &message{Text: "down", N: depth}, &got); err != nil || got.N != depth {
				t.Fatalf("%d calls deep: %d, %v", depth, got.N, err)
			}
			if took := time.Since(begun); took > time.Duration(depth)*prompt {
				t.Errorf("%d calls deep: took %v", depth, took)
			}
		}
	})
}

func TestCrashInTheReadLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, wire.Limits{}, nil, doing("Loop", func(_ context.Context, m *message) (*message, error) {
			if m.N > 0 {
				<-time.After(time.Duration(m.N) * time.Millisecond)
			}
			if m.Text == "Goexit" {
				runtime.Goexit()
			}
			panic("at the disco")
		}))
		for _, text := range []string{"Goexit", "panic"} {
			for n := range 4 { // also after the loop has gone on elsewhere
				trust(t, p.caller, loopDo)
				p.answered(t, &message{Text: text, N: n}, curlew.Internal)
				p.answered(t, &message{}, nil)
				var group sync.WaitGroup
				for i := range 30 {
					if i%10 == 5 {
						group.Go(func() { p.answered(t, &message{Text: text}, curlew.Internal) })
					}
					group.Go(func() { p.answered(t, &message{}, nil) })
				}
				group.Wait()
			}
		}
	})
}

// A handler in the read loop learns that its caller has given up, though the
// news comes through that loop.
func TestCancelOfACallInTheReadLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		causes := make(chan error, 1)
		p := connect(t, wire.Limits{}, nil, doing("Loop", func(ctx context.Context, m *message) (*message, error) {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		}))
		trust(t, p.caller, loopDo)
		why := errors.New("the user has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond/2, func() { cancel(why) })
		if err := p.caller.Invoke(ctx, loopDo, &message{Text: "wait"}, new(message)); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled call: %v", err)
		}
		begun := time.Now()
		if cause := <-causes; !strings.Contains(cause.Error(), why.Error()) {
			t.Errorf("cause in the handler: %v, want %v in it", cause, why)
		}
		if took := time.Since(begun); took > prompt {
			t.Errorf("the handler learned of it after %v", took)
		}
	})
}

// The connection, and the dispatcher, end while a call blocks in the read loop.
func TestEndWhileACallIsInTheReadLoop(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *pair){
		"client closes":        func(_ *testing.T, p *pair) { p.session.Close(nil) },
		"server's line is cut": func(_ *testing.T, p *pair) { p.server.Close() },
		"drain":                func(_ *testing.T, p *pair) { p.drain() },
		"Shutdown": func(t *testing.T, p *pair) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := p.dispatch.Shutdown(ctx); err == nil {
				t.Error("Shutdown did not wait for a call in the read loop")
			}
			p.answered(t, &message{}, curlew.Unavailable)
		},
	} {
		for _, after := range []time.Duration{time.Millisecond / 2, 10 * time.Millisecond} { // before, and after the loop went on
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					gate := make(chan struct{})
					p := connect(t, wire.Limits{}, nil, doing("Loop", func(_ context.Context, m *message) (*message, error) {
						<-gate
						return m, nil
					}))
					trust(t, p.caller, loopDo)
					ended := make(chan error, 1)
					go func() { ended <- p.caller.Invoke(t.Context(), loopDo, &message{Text: "block"}, new(message)) }()
					<-time.After(after)
					end(t, p)
					<-time.After(time.Second)
					close(gate)
					err := <-ended
					if keeps := name == "drain" || name == "Shutdown"; (err == nil) != keeps {
						t.Errorf("the call that blocked: %v", err)
					}
				})
			})
		}
	}
}

// A method that was short begins to block, for all callers at once: the first
// call tells that it is not to be trusted, and the others do not wait for one
// another.
func TestMethodBeginsToBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 64
		var waiting atomic.Int64
		all := make(chan struct{})
		p := connect(t, wire.Limits{}, nil, doing("Loop", func(_ context.Context, m *message) (*message, error) {
			if waiting.Add(1) == callers {
				close(all)
			}
			<-all
			return m, nil
		}))
		trust(t, p.caller, loopDo)
		var group sync.WaitGroup
		for range callers {
			group.Go(func() { p.answered(t, &message{Text: "wait"}, nil) })
		}
		group.Wait()
	})
}
