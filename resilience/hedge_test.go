// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// step is what an attempt does: it takes a while and then fails or answers.
type step struct {
	takes    time.Duration
	err      error
	pushback string
}

// raced is a server whose attempts follow steps.
type raced struct {
	mu       sync.Mutex
	steps    []step
	began    time.Time
	at       []time.Duration
	canceled []int // numbers of the attempts whose context has ended, from 1
	running  int
}

func (r *raced) handle(ctx context.Context, call *curlew.Call) error {
	r.mu.Lock()
	r.at = append(r.at, time.Since(r.began))
	n := len(r.at)
	s := r.steps[n-1]
	r.running++
	r.mu.Unlock()
	ok := pass(ctx, s.takes)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	if !ok {
		r.canceled = append(r.canceled, n)
		return curlew.ErrorOf(context.Cause(ctx))
	}
	if s.err != nil {
		if s.pushback != "" {
			call.ReplyTrailer().Set(PushbackKey, s.pushback)
		}
		return s.err
	}
	call.ReplyTrailer().Set("attempt", fmt.Sprint(n))
	call.SetStream(&fakeStream{text: fmt.Sprint("answer ", n)})
	return nil
}

func TestHedge(t *testing.T) {
	const ms = time.Millisecond
	down := unavailable()
	business := curlew.NewError(curlew.NotFound, "no").WithOrigin(curlew.OriginServer)
	read, write, stream := methods()
	for _, test := range []struct {
		name     string
		hedge    Hedge
		method   *curlew.Method
		steps    []step
		at       []time.Duration // when attempts begin
		takes    time.Duration   // the whole call
		reply    string
		code     curlew.Code
		canceled []int
	}{
		{"fast enough", Hedge{Delay: 10 * ms}, read, []step{{takes: 9 * ms}}, []time.Duration{0}, 9 * ms, "answer 1", curlew.OK, nil},
		{"the second is faster", Hedge{Delay: 10 * ms}, read, []step{{takes: time.Second}, {takes: 5 * ms}}, []time.Duration{0, 10 * ms}, 15 * ms, "answer 2", curlew.OK, []int{1}},
		{"the first is faster", Hedge{Delay: 10 * ms}, read, []step{{takes: 12 * ms}, {takes: 5 * ms}}, []time.Duration{0, 10 * ms}, 12 * ms, "answer 1", curlew.OK, []int{2}},
		{"three attempts", Hedge{Delay: 10 * ms, MaxAttempts: 3}, read, []step{{takes: time.Second}, {takes: time.Second}, {takes: ms}}, []time.Duration{0, 10 * ms, 20 * ms}, 21 * ms, "answer 3", curlew.OK, []int{1, 2}},
		{"a failure starts the next at once", Hedge{Delay: 10 * ms}, read, []step{{takes: 3 * ms, err: down}, {takes: 5 * ms}}, []time.Duration{0, 3 * ms}, 8 * ms, "answer 2", curlew.OK, nil},
		{"a failure waits for the other", Hedge{Delay: 10 * ms}, read, []step{{takes: 30 * ms}, {takes: 5 * ms, err: down}}, []time.Duration{0, 10 * ms}, 30 * ms, "answer 1", curlew.OK, nil},
		{"all fail", Hedge{Delay: 10 * ms}, read, []step{{takes: 30 * ms, err: down}, {takes: 5 * ms, err: down}}, []time.Duration{0, 10 * ms}, 30 * ms, "", curlew.Unavailable, nil},
		{"a business error is the answer", Hedge{Delay: 10 * ms}, read, []step{{takes: time.Second}, {takes: 5 * ms, err: business}}, []time.Duration{0, 10 * ms}, 15 * ms, "", curlew.NotFound, []int{1}},
		{"the server forbids more", Hedge{Delay: 10 * ms}, read, []step{{takes: 3 * ms, err: down, pushback: "-1"}}, []time.Duration{0}, 3 * ms, "", curlew.Unavailable, nil},
		{"the server asks to wait", Hedge{Delay: 10 * ms}, read, []step{{takes: 3 * ms, err: down, pushback: "40"}, {takes: ms}}, []time.Duration{0, 43 * ms}, 44 * ms, "answer 2", curlew.OK, nil},
		{"not measured yet", Hedge{}, read, []step{{takes: time.Second}}, []time.Duration{0}, time.Second, "answer 1", curlew.OK, nil},
		{"not measured yet, and fails", Hedge{}, read, []step{{takes: ms, err: down}, {takes: ms}}, []time.Duration{0, ms}, 2 * ms, "answer 2", curlew.OK, nil},
		{"not idempotent", Hedge{Delay: 10 * ms}, write, []step{{takes: time.Second}}, []time.Duration{0}, time.Second, "answer 1", curlew.OK, nil},
		{"a stream", Hedge{Delay: 10 * ms}, stream, []step{{takes: time.Second}}, []time.Duration{0}, time.Second, "", curlew.OK, nil},
		{"off", Hedge{Off: true, Delay: 10 * ms}, read, []step{{takes: time.Second}}, []time.Duration{0}, time.Second, "answer 1", curlew.OK, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &raced{steps: test.steps, began: time.Now()}
				call, reply := clientCall(t.Context(), test.method)
				err := test.hedge.Interceptor(nil)(r.handle)(t.Context(), call)
				assert.Equal(t, curlew.CodeOf(err), test.code)
				assert.Equal(t, time.Since(r.began), test.takes)
				assert.Equal(t, r.running, 0, "attempts that still run")
				assert.Equal(t, r.at, test.at)
				slices.Sort(r.canceled)
				assert.Equal(t, r.canceled, test.canceled)
				if err == nil && test.method.Kind() == curlew.KindUnary {
					_, err := call.Reply()
					assert.NoError(t, err)
					assert.Equal(t, *reply, test.reply)
					assert.Equal(t, "answer "+call.ReplyTrailer().Get("attempt"), test.reply)
				}
				call.End(err)
			})
		})
	}
}

func TestHedgeEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r := &raced{steps: []step{{takes: time.Hour}, {takes: time.Hour}}, began: time.Now()}
		call, _ := clientCall(ctx, read)
		err := Hedge{Delay: 10 * time.Millisecond}.Interceptor(nil)(r.handle)(ctx, call)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Since(r.began), 50*time.Millisecond)
		assert.Equal(t, r.running, 0)
	})
}

// TestMeasuredDelay has one call in fifty take a second, where others take 10 ms.
func TestMeasuredDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		var mu sync.Mutex // guards the next two
		attempts := 0
		random := rand.New(rand.NewPCG(1, 1))
		budget := NewBudget(BudgetConfig{})
		attempt := func() time.Duration {
			mu.Lock()
			defer mu.Unlock()
			attempts++
			takes := 9*time.Millisecond + time.Duration(random.IntN(1000))*time.Microsecond
			if random.IntN(50) == 0 {
				takes = time.Second
			}
			return takes
		}
		handler := Hedge{}.Interceptor(budget)(func(ctx context.Context, call *curlew.Call) error {
			return answers("x", attempt())(ctx, call)
		})
		var slowest time.Duration
		const calls = 3000
		for i := range calls {
			began := time.Now()
			call, _ := clientCall(t.Context(), read)
			err := handler(t.Context(), call)
			call.End(err)
			assert.NoError(t, err)
			if i > histogramWarm {
				slowest = max(slowest, time.Since(began).Round(time.Microsecond))
			}
		}
		added := attempts - calls
		t.Logf("slowest %v, %d further attempts", slowest, added)
		assert.True(t, added < calls/12 && added > calls/100, fmt.Sprintf("%d further attempts", added))
		assert.True(t, slowest < 1020*time.Millisecond, "two slow attempts in a row are possible, but not a sum")
	})
}

func TestHedgesTakeFromTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		budget := NewBudget(BudgetConfig{Ratio: -1, MinPerSecond: 0.3})
		var attempts atomic.Int64
		handler := Hedge{Delay: time.Millisecond}.Interceptor(budget)(func(ctx context.Context, call *curlew.Call) error {
			attempts.Add(1)
			return answers("x", 5*time.Millisecond)(ctx, call)
		})
		for range 10 {
			call, _ := clientCall(t.Context(), read)
			call.End(handler(t.Context(), call))
		}
		assert.Equal(t, attempts.Load(), 13)
	})
}

// TestManyHedges has attempts end at the same moment as timers fire.
func TestManyHedges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		handler := Hedge{Delay: time.Millisecond, MaxAttempts: 4}.Interceptor(NewBudget(BudgetConfig{Ratio: 10}))(func(ctx context.Context, call *curlew.Call) error {
			n := rand.IntN(5)
			if !pass(ctx, time.Duration(n)*time.Millisecond) {
				return curlew.ErrorOf(ctx.Err())
			}
			if rand.IntN(3) == 0 {
				return unavailable()
			}
			call.SetStream(&fakeStream{text: "x"})
			return nil
		})
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				for range 40 {
					call, reply := clientCall(t.Context(), read)
					err := handler(t.Context(), call)
					if err == nil {
						if _, err := call.Reply(); err != nil || *reply != "x" {
							t.Errorf("reply %q, %v", *reply, err)
						}
					} else if !errors.Is(err, curlew.Unavailable) {
						t.Error(err)
					}
					call.End(err)
				}
			})
		}
		callers.Wait()
	})
}

func TestHistogram(t *testing.T) {
	for us := int64(0); us < 1<<34; us = us*9/8 + 1 {
		d := time.Duration(us) * time.Microsecond
		i := bucketOf(d)
		if end := bucketEnd(i); i < octaves*steps-1 && (end < d || end > d*9/8+2*time.Microsecond) {
			t.Fatalf("%v is in the bucket that ends at %v", d, end)
		}
		if i > 0 && bucketEnd(i-1) > d {
			t.Fatalf("%v is after the bucket that ends at %v", d, bucketEnd(i-1))
		}
	}
	assert.Equal(t, bucketOf(-1), 0)
	assert.Equal(t, bucketOf(1<<62), octaves*steps-1)

	random := rand.New(rand.NewPCG(1, 1))
	for _, quantile := range []float64{0.5, 0.9, 0.95, 0.99} {
		h := &histogram{quantile: quantile}
		_, ok := h.get()
		assert.True(t, !ok, "nothing is known yet")
		for _, scale := range []float64{1, 0.1, 3} { // it follows
			for range 20 * histogramHalf {
				h.record(time.Duration(scale * random.Float64() * float64(time.Second)))
			}
			got, _ := h.get()
			if want := scale * quantile; got.Seconds() < want*0.9 || got.Seconds() > want*1.25 {
				t.Errorf("quantile %v is %v, want about %vs", quantile, got, want)
			}
		}
	}
}
