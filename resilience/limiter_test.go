// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// gate is a handler whose calls run until they are let go, in the order of their
// names.
type gate struct {
	handler curlew.Handler
	mu      sync.Mutex
	began   []string
	open    chan struct{}
	ends    sync.WaitGroup
	errs    map[string]error
}

func newGate(l *Limiter) *gate {
	g := &gate{open: make(chan struct{}), errs: make(map[string]error)}
	g.handler = l.Interceptor()(func(_ context.Context, call *curlew.Call) error {
		g.mu.Lock()
		g.began = append(g.began, call.Header().Get("name"))
		g.mu.Unlock()
		<-g.open
		return nil
	})
	return g
}

// call begins a call at a server and waits until it runs, waits or is over.
func (g *gate) call(ctx context.Context, name string, p Priority) {
	_, write, _ := methods()
	call := serverCall(ctx, write, curlew.NewHeader("name", name, PriorityKey, strconv.Itoa(int(p))))
	g.ends.Go(func() {
		err := g.handler(ctx, call)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.errs[name] = err
	})
	synctest.Wait()
}

// err returns how a call has ended.
func (g *gate) err(name string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.errs[name]
}

// names returns the calls that have begun to run, in order.
func (g *gate) names() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.began)
}

// letGo ends one call.
func (g *gate) letGo() {
	g.open <- struct{}{}
	synctest.Wait()
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{Limit: 2}.New()
		g := newGate(l)
		g.call(t.Context(), "a", Normal)
		g.call(t.Context(), "b", Normal)
		g.call(t.Context(), "c", High)
		err := curlew.ErrorOf(g.err("c"))
		assert.Equal(t, err.Code(), curlew.ResourceExhausted)
		assert.Equal(t, err.Progress(), curlew.Refused)
		assert.Equal(t, err.Message(), "Shop/Buy: 2 calls run, no more may at once")
		assert.Equal(t, l.Stats(), LimiterStats{Limit: 2, Running: 2, Refused: 1})
		g.letGo()
		g.call(t.Context(), "d", Normal)
		close(g.open)
		g.ends.Wait()
		assert.Equal(t, g.names(), []string{"a", "b", "d"})
		assert.Equal(t, l.Stats().Running, 0)

		// On a client it has not been sent.
		l = Concurrency{Limit: 1}.New()
		read, _, stream := methods()
		handler := l.Interceptor()(func(context.Context, *curlew.Call) error { return nil })
		open, _ := clientCall(t.Context(), stream)
		assert.NoError(t, handler(t.Context(), open))
		call, _ := clientCall(t.Context(), read)
		assert.Equal(t, curlew.ErrorOf(handler(t.Context(), call)).Progress(), curlew.NotSent)
		open.End(nil) // a stream has its place to its end
		assert.NoError(t, handler(t.Context(), call))
		assert.Equal(t, l.Stats().Running, 0)
		assert.Panics(t, func() {
			l.Interceptor()(func(context.Context, *curlew.Call) error { panic("a bug") })(t.Context(), call)
		})
		assert.Equal(t, l.Stats().Running, 0)
	})
}

func TestQueueByPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{Limit: 1, Queue: 4, MaxWait: time.Hour, Interval: time.Hour, Target: time.Minute}.New()
		g := newGate(l)
		g.call(t.Context(), "runs", Normal)
		g.call(t.Context(), "background", Background)
		g.call(t.Context(), "normal", Normal)
		g.call(t.Context(), "high", High)
		g.call(t.Context(), "normal 2", Normal)
		assert.Equal(t, l.Stats().Waiting, 4)
		g.call(t.Context(), "high 2", High) // takes the place of the least important
		assert.ErrorIs(t, g.err("background"), curlew.ResourceExhausted)
		g.call(t.Context(), "low", Low)
		assert.Contains(t, g.err("low").Error(), "1 calls run and 4 wait, which are as important")
		for range 5 {
			g.letGo()
		}
		assert.Equal(t, g.names(), []string{"runs", "high", "high 2", "normal 2", "normal"}, "of normal ones the newest first, since the queue was full")
		g.ends.Wait()
		assert.Equal(t, l.Stats().Refused, 2)
	})
}

func TestQueueInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{Limit: 1, Queue: 10, MaxWait: time.Second}.New()
		g := newGate(l)
		gone, leave := context.WithCancel(t.Context())
		soon, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		g.call(t.Context(), "1", Normal)
		g.call(t.Context(), "2", Normal)
		g.call(gone, "gone", Normal)
		g.call(soon, "soon", Normal)
		g.call(t.Context(), "3", Normal)
		leave()
		synctest.Wait()
		assert.ErrorIs(t, g.err("gone"), curlew.Canceled)
		<-time.After(500 * time.Millisecond)
		synctest.Wait()
		assert.ErrorIs(t, g.err("soon"), curlew.DeadlineExceeded)
		assert.Equal(t, curlew.ErrorOf(g.err("soon")).Progress(), curlew.Refused)
		g.letGo()
		assert.Equal(t, g.names(), []string{"1", "2"})
		<-time.After(500 * time.Millisecond)
		synctest.Wait()
		assert.Contains(t, g.err("3").Error(), "it has waited 1s for one of 1 places")
		close(g.open)
		g.ends.Wait()
		assert.Equal(t, l.Stats().Waiting, 0)
		assert.Equal(t, l.Stats().Running, 0)
	})
}

// TestNoTimeLeft has calls wait whose deadlines come before they could be done.
func TestNoTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{Limit: 1, Queue: 10, MaxWait: time.Minute}.New()
		handler := l.Interceptor()(func(ctx context.Context, _ *curlew.Call) error {
			pass(context.Background(), 100*time.Millisecond)
			return nil
		})
		_, write, _ := methods()
		serve := func(left time.Duration) (*curlew.Call, time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			call := serverCall(ctx, write, curlew.NewHeader())
			began := time.Now()
			err := handler(ctx, call)
			return call, time.Since(began), err
		}
		serve(time.Hour) // is measured
		var others sync.WaitGroup
		for range 3 {
			others.Go(func() { serve(time.Hour) })
		}
		synctest.Wait() // one runs, two wait: a fourth would be done in 400 ms at least
		call, took, err := serve(390 * time.Millisecond)
		assert.ErrorIs(t, err, curlew.ResourceExhausted)
		assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.Refused)
		assert.Contains(t, err.Error(), "it has 390ms left and would need 400ms")
		assert.Equal(t, took, 0, "time until it was refused")
		assert.Equal(t, call.ReplyTrailer().Get(PushbackKey), "300")
		_, _, err = serve(410 * time.Millisecond)
		assert.NoError(t, err)
		others.Wait()
	})
}

// TestAdaptiveLimit has the limit find how much a server can do, from both
// sides, and follow it.
func TestAdaptiveLimit(t *testing.T) {
	for _, initial := range []int{4, 150} {
		synctest.Test(t, func(t *testing.T) {
			l := Concurrency{Initial: initial}.New()
			l.gradient.chance = func() float64 { return 0.5 }
			var room atomic.Int64 // how many calls run without slowing one another down
			room.Store(40)
			var running atomic.Int64
			handler := l.Interceptor()(func(context.Context, *curlew.Call) error {
				n := running.Add(1)
				defer running.Add(-1)
				<-time.After(10 * time.Millisecond * time.Duration(max(n, room.Load())) / time.Duration(room.Load()))
				return nil
			})
			_, write, _ := methods()
			ctx, stop := context.WithCancel(t.Context())
			var callers sync.WaitGroup
			for range 200 {
				callers.Go(func() {
					for ctx.Err() == nil {
						if handler(ctx, serverCall(ctx, write, curlew.NewHeader())) != nil {
							<-time.After(time.Duration(rand.IntN(40e6)))
						}
					}
				})
			}
			within := func(what string, from, to int) {
				t.Helper()
				if limit := l.Stats().Limit; limit < from || limit > to {
					t.Errorf("%s, begun with %d: the limit is %d, not from %d to %d", what, initial, limit, from, to)
				}
			}
			<-time.After(4 * time.Second)
			within("40 places", 40, 70)
			room.Store(10)
			<-time.After(4 * time.Second)
			within("10 places", 10, 30)
			room.Store(100)
			<-time.After(5 * time.Second)
			within("100 places", 100, 160)
			stop()
			callers.Wait()
			assert.Equal(t, l.Stats().Running, 0)
		})
	}
}

// TestFewCallsAreNotProbed has bursts come to a service that is seldom used:
// none of their calls is refused to measure anything.
func TestFewCallsAreNotProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{}.New()
		handler := l.Interceptor()(answers("x", 20*time.Millisecond))
		read, _, _ := methods()
		var calls sync.WaitGroup
		for range 150 {
			for n := range 18 {
				calls.Go(func() {
					<-time.After(time.Duration(n/3) * 200 * time.Millisecond)
					call, _ := clientCall(t.Context(), read)
					assert.NoError(t, handler(t.Context(), call))
				})
			}
			calls.Wait()
		}
		assert.Equal(t, l.Stats().Limit, 20)
		assert.True(t, !l.gradient.probing && l.gradient.lowest == 20*time.Millisecond, l.gradient)
	})
}

// TestLongCalls has calls take longer than a measurement usually may.
func TestLongCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Concurrency{}.New()
		handler := l.Interceptor()(answers("x", 3*time.Second))
		_, write, _ := methods()
		ctx, stop := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 40 {
			callers.Go(func() {
				for ctx.Err() == nil {
					call, _ := clientCall(ctx, write)
					if handler(ctx, call) != nil {
						<-time.After(100 * time.Millisecond)
					}
				}
			})
		}
		<-time.After(2 * time.Minute)
		assert.True(t, l.Stats().Limit > 30, l.Stats())
		stop()
		callers.Wait()
	})
}

func TestBadConcurrency(t *testing.T) {
	for _, test := range []struct {
		c    Concurrency
		text string
	}{
		{Concurrency{Limit: -1}, "Limit -1"},
		{Concurrency{Limit: 1, Max: 5}, "choose"},
		{Concurrency{Limit: 1, Queue: -1}, "Queue -1"},
		{Concurrency{Limit: 1, Queue: 1, MaxWait: -1}, "negative time"},
		{Concurrency{Limit: 1, MaxWait: 1}, "no Queue"},
		{Concurrency{Min: 10, Max: 5}, "in that order"},
		{Concurrency{Initial: 10, Max: 5}, "in that order"},
		{Concurrency{Queue: 1, Target: 2, MaxWait: 1}, "above MaxWait"},
	} {
		if err := test.c.Check(); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got error %v, want one with %q", test.c, err, test.text)
		}
	}
	for _, c := range []Concurrency{{}, {Limit: 1}, {Min: 50}, {Max: 2}, {Initial: 2}, {Initial: 5000}, {Queue: 1, Target: time.Hour}} {
		assert.NoError(t, c.Check(), c)
	}
	assert.NoError(t, Shed{}.Check())
	assert.True(t, Shed{MaxRunDelay: -1}.Check() != nil, "a negative delay")
}

func TestBusyProcessors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Shed{Concurrency: Concurrency{Limit: 10}, MaxRunDelay: 10 * time.Millisecond}.New()
		var delay time.Duration
		l.cpu = newCPUGate(10*time.Millisecond, func() time.Duration { return delay })
		handler := l.Interceptor()(func(context.Context, *curlew.Call) error { return nil })
		_, write, _ := methods()
		// taken returns which priorities are, a moment later.
		taken := func() string {
			<-time.After(cpuEvery)
			s := ""
			for p := Background; p <= High; p++ {
				call := serverCall(t.Context(), write, curlew.NewHeader(PriorityKey, strconv.Itoa(int(p))))
				err := handler(t.Context(), call)
				if err == nil {
					s += p.String() + " "
				} else {
					assert.ErrorIs(t, err, curlew.ResourceExhausted)
					assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.Refused)
				}
			}
			return s
		}
		assert.Equal(t, taken(), "background low normal high ")
		delay = 20 * time.Millisecond
		assert.Equal(t, taken(), "low normal high ")
		assert.Equal(t, taken(), "normal high ")
		assert.Equal(t, taken(), "high ")
		assert.Equal(t, taken(), "high ")
		delay = 8 * time.Millisecond
		assert.Equal(t, taken(), "high ")
		delay = time.Millisecond
		assert.Equal(t, taken(), "normal high ")
		assert.Equal(t, taken(), "low normal high ")
	})
	if d := new(runDelay); d.since() < 0 || d.since() > time.Minute {
		t.Error("the runtime's delay is nonsense")
	}
}

// TestLimiterOfManyCallers has callers give up while places become free.
func TestLimiterOfManyCallers(t *testing.T) {
	l := Concurrency{Limit: 3, Queue: 20, MaxWait: time.Second}.New()
	var most, running atomic.Int64
	handler := l.Interceptor()(func(context.Context, *curlew.Call) error {
		n := running.Add(1)
		defer running.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		return nil
	})
	_, write, _ := methods()
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for n := range 300 {
				ctx, cancel := context.WithCancel(t.Context())
				if n%3 == 0 {
					cancel()
				}
				handler(ctx, serverCall(ctx, write, curlew.NewHeader(PriorityKey, strconv.Itoa(i%4))))
				cancel()
			}
		})
	}
	callers.Wait()
	assert.True(t, most.Load() <= 3, "calls at once")
	s := l.Stats()
	assert.Equal(t, s.Running+s.Waiting, 0)
}
