// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestCodes(t *testing.T) {
	s := CodesOf(curlew.Unavailable, curlew.Aborted, curlew.OK, curlew.Code(99))
	assert.Equal(t, s.String(), "aborted,unavailable")
	assert.True(t, s.Has(curlew.Aborted) && !s.Has(curlew.OK) && !s.Has(curlew.Internal) && !s.Has(curlew.Code(99)), s)
	assert.Equal(t, CodesOf(), 0)
	assert.Equal(t, Codes(0).or(s), s)
}

func TestPriorities(t *testing.T) {
	for p := Background; p <= High; p++ {
		o := curlew.NewCallOptions(WithPriority(p))
		assert.Equal(t, PriorityOf(&o.Header), p)
	}
	o := curlew.NewCallOptions(WithPriority(Priority(200)))
	assert.Equal(t, PriorityOf(&o.Header), High)
	assert.Equal(t, PriorityOf(new(curlew.Header)), Normal)
	names := ""
	for p := range Priority(5) {
		names += p.String() + " "
	}
	assert.Equal(t, names, "background low normal high normal ")
}

func FuzzPriority(f *testing.F) {
	for _, seed := range []string{"", "0", "1", "2", "3", "4", "9", "10", "-1", "+1", " 1", "high", "\x00", "٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := curlew.NewHeader(PriorityKey, text)
		got := PriorityOf(&h)
		want := Normal
		if n, err := strconv.ParseUint(text, 10, 8); err == nil && len(text) == 1 {
			want = Priority(min(n, uint64(High)))
		}
		if got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	})
}

func FuzzPushback(f *testing.F) {
	for _, seed := range []string{"", "0", "1", "-1", "250", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1.5", "1e3", "soon", " 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := curlew.NewHeader(PushbackKey, text)
		wait, told, ok := parsePushback(&h)
		if !told || wait < 0 || wait > maxPushback || !ok && wait != 0 {
			t.Fatalf("%q: %v, %v, %v", text, wait, told, ok)
		}
		if !ok {
			return
		}
		// What is understood comes back, but for the one that asks for no wait.
		setPushback(&h, wait)
		again, _, ok := parsePushback(&h)
		if !ok || again != max(wait, time.Millisecond) || len(h.Values(PushbackKey)) != 1 {
			t.Fatalf("%q: %v is written and read as %v", text, wait, again)
		}
	})
}

func TestSetPushback(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "1", 1: "1", time.Millisecond: "1", time.Millisecond + 1: "2", time.Second: "1000", 1 << 62: "3600000"} {
		var h curlew.Header
		setPushback(&h, wait)
		assert.Equal(t, h.Get(PushbackKey), want, wait)
	}
}

// TestSwapUnderLoad has the interceptors of a method replaced while calls run
// through them.
func TestSwapUnderLoad(t *testing.T) {
	read, _, _ := methods()
	var failing atomic.Int64
	bare := func(_ context.Context, call *curlew.Call) error {
		if failing.Add(1)%7 == 0 {
			return unavailable().WithProgress(curlew.NotSent)
		}
		call.SetStream(&fakeStream{text: "x"})
		return nil
	}
	budget := NewBudget(BudgetConfig{})
	limiter, circuit := Concurrency{Limit: 8}.New(), Breaker{}.New()
	var handler atomic.Pointer[curlew.Handler]
	swap := func(n int) {
		chain := []curlew.Interceptor{
			Rate{PerSecond: mostRate}.New().Interceptor(),
			limiter.Interceptor(), circuit.Interceptor(),
			Retry{Backoff: Backoff{FastDelay: time.Microsecond}}.Interceptor(budget),
		}
		if n%2 == 0 {
			chain = []curlew.Interceptor{
				Concurrency{}.New().Interceptor(),
				Hedge{Delay: 10 * time.Microsecond}.Interceptor(budget),
			}
		}
		h := curlew.Chain(bare, chain...)
		handler.Store(&h)
	}
	swap(0)
	var callers sync.WaitGroup
	var good, all atomic.Int64
	for range 4 {
		callers.Go(func() {
			for range 500 {
				call, reply := clientCall(t.Context(), read)
				err := (*handler.Load())(t.Context(), call)
				if err == nil {
					_, err = call.Reply()
				}
				call.End(err)
				if all.Add(1); err == nil && *reply == "x" {
					good.Add(1)
				}
			}
		})
	}
	for n := range 100 {
		swap(n)
		<-time.After(100 * time.Microsecond)
	}
	callers.Wait()
	if good.Load() < all.Load()*9/10 {
		t.Errorf("%d of %d calls ended well", good.Load(), all.Load())
	}
	assert.Equal(t, limiter.Stats().Running, 0)
}
