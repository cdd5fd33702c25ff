// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Rate{PerSecond: 10, Burst: 3}.New()
		for range 3 {
			assert.Equal(t, b.Take(time.Now(), 1), 0)
		}
		assert.Equal(t, b.Take(time.Now(), 1), 100*time.Millisecond)
		assert.Equal(t, b.Take(time.Now(), 2), 200*time.Millisecond)
		<-time.After(100*time.Millisecond - 1)
		assert.Equal(t, b.Take(time.Now(), 1), 1)
		<-time.After(1)
		assert.Equal(t, b.Take(time.Now(), 1), 0)
		<-time.After(time.Hour)
		assert.Equal(t, b.Take(time.Now(), 3), 0, "no more is saved than the burst")
		assert.Equal(t, b.Take(time.Now(), 1), 100*time.Millisecond)

		b = Rate{PerSecond: 1000}.New()
		taken := 0
		for range 10_000 {
			if b.Take(time.Now(), 1) == 0 {
				taken++
			}
			<-time.After(100 * time.Microsecond)
		}
		assert.Equal(t, taken, 1999, "in a second, with a burst of 1000")
	})
}

func TestRateOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, write, _ := methods()
		ran := 0
		next := func(context.Context, *curlew.Call) error { ran++; return nil }
		b := Rate{PerSecond: 10, Burst: 1}.New()
		handler := b.Interceptor()(next)
		call := serverCall(t.Context(), write, curlew.NewHeader())
		assert.NoError(t, handler(t.Context(), call))
		err := curlew.ErrorOf(handler(t.Context(), call))
		assert.Equal(t, err.Code(), curlew.ResourceExhausted)
		assert.Equal(t, err.Progress(), curlew.Refused)
		assert.Equal(t, err.Message(), "Shop/Buy: too many calls in this time; there is room in 100ms")
		assert.Equal(t, call.ReplyTrailer().Get(PushbackKey), "100")
		call, _ = clientCall(t.Context(), write)
		assert.Equal(t, curlew.ErrorOf(handler(t.Context(), call)).Progress(), curlew.NotSent)
		assert.Equal(t, ran, 1)
		assert.Equal(t, b.Refused(), 2)
		off := Rate{Off: true}.New().Interceptor()(next)
		for range 10 {
			assert.NoError(t, off(t.Context(), call))
		}
	})
}

func TestRateThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, write, _ := methods()
		handler := Rate{PerSecond: 10, Burst: 1, MaxWait: 250 * time.Millisecond}.New().Interceptor()(
			func(context.Context, *curlew.Call) error { return nil })
		began := time.Now()
		do := func(ctx context.Context) (time.Duration, error) {
			call, _ := clientCall(ctx, write)
			err := handler(ctx, call)
			return time.Since(began), err
		}
		var calls sync.WaitGroup
		for _, want := range []time.Duration{0, 100e6, 200e6} {
			calls.Go(func() {
				took, err := do(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, took, want)
			})
			synctest.Wait()
		}
		took, err := do(t.Context())
		assert.ErrorIs(t, err, curlew.ResourceExhausted)
		assert.Equal(t, took, 0, "it would wait too long")
		calls.Wait()
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = do(short)
		assert.ErrorIs(t, err, curlew.ResourceExhausted, "the deadline is earlier")
		canceled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err = do(canceled)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestRateOfManyCallers(t *testing.T) {
	b := Rate{PerSecond: 0.001, Burst: 1000}.New()
	keyed := Rate{PerSecond: 0.001, Burst: 100}.PerKey(50)
	now := time.Now()
	var mu sync.Mutex
	var taken, keyedTaken int
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			n, k := 0, 0
			for i := range 500 {
				if b.Take(now, 1) == 0 {
					n++
				}
				if keyed.TakeAt(now, fmt.Sprint(i%5)) == 0 {
					k++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			taken, keyedTaken = taken+n, keyedTaken+k
		})
	}
	callers.Wait()
	assert.Equal(t, taken, 1000)
	assert.Equal(t, keyedTaken, 500)
}

func TestRateOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, write, _ := methods()
		buckets := Rate{PerSecond: 1, Burst: 2}.PerKey(3)
		handler := Throttle(buckets, func(call *curlew.Call) string { return call.Header().Get("caller") })(
			func(context.Context, *curlew.Call) error { return nil })
		do := func(caller string) error {
			call := serverCall(t.Context(), write, curlew.NewHeader("caller", caller))
			err := handler(t.Context(), call)
			if err != nil {
				assert.Equal(t, curlew.ErrorOf(err).Progress(), curlew.Refused)
				assert.Equal(t, call.ReplyTrailer().Get(PushbackKey), "1000")
			}
			return err
		}
		for range 2 {
			for _, caller := range []string{"ann", "bob", ""} {
				assert.NoError(t, do(caller))
			}
		}
		assert.ErrorIs(t, do("bob"), curlew.ResourceExhausted)
		assert.ErrorIs(t, do("ann"), curlew.ResourceExhausted)
		assert.NoError(t, do("eve")) // "" was not used for longest
		assert.Equal(t, buckets.Len(), 3)
		assert.ErrorIs(t, do("bob"), curlew.ResourceExhausted)
		assert.NoError(t, do(""))
	})
}

// store is a Taker whose errors are chosen.
type store struct{ err error }

func (s *store) Take(context.Context, string) (time.Duration, error) { return time.Second, s.err }

func TestAStoreThatDoesNotKnow(t *testing.T) {
	read, _, _ := methods()
	s := &store{}
	handler := Throttle(s, func(*curlew.Call) string { return "" })(func(context.Context, *curlew.Call) error { return nil })
	call, _ := clientCall(t.Context(), read)
	assert.ErrorIs(t, handler(t.Context(), call), curlew.ResourceExhausted)
	s.err = errors.New("the store is down")
	assert.NoError(t, handler(t.Context(), call))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, handler(ended, call), curlew.Canceled)
}

func TestBadRates(t *testing.T) {
	for _, test := range []struct {
		r    Rate
		text string
	}{
		{Rate{}, "rate of 0"},
		{Rate{PerSecond: -1}, "rate of -1"},
		{Rate{PerSecond: math.NaN()}, "rate of NaN"},
		{Rate{PerSecond: math.Inf(1)}, "rate of +Inf"},
		{Rate{PerSecond: 2e9}, "rate of 2e+09"},
		{Rate{PerSecond: 1, Burst: -1}, "Burst -1"},
		{Rate{PerSecond: 1e-6, Burst: 1e9}, "out of range"},
		{Rate{PerSecond: 1, MaxWait: -1}, "MaxWait"},
	} {
		if err := test.r.Check(); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%+v: got error %v, want one with %q", test.r, err, test.text)
		}
	}
	for _, r := range []Rate{{Off: true}, {PerSecond: 1e9}, {PerSecond: 1e-6}, {PerSecond: 5, Burst: 100}} {
		assert.NoError(t, r.Check())
	}
}
