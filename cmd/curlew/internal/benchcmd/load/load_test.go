// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// wait is a call that takes d.
func wait(ctx context.Context, d time.Duration) load.Outcome {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return load.Outcome{Sent: 1, Received: 1, Bytes: 10}
	case <-ctx.Done():
		return load.Outcome{Err: ctx.Err()}
	}
}

func steady(d time.Duration) []load.Method {
	return []load.Method{{Name: "S/M", Do: func(ctx context.Context, _ int, _ int64) load.Outcome { return wait(ctx, d) }}}
}

func run(t *testing.T, ctx context.Context, p load.Plan) *result.Result {
	t.Helper()
	r, err := load.Run(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if math.Abs(got-want) > off {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

func constant(t *testing.T, rate float64, d time.Duration) load.Schedule {
	t.Helper()
	s, err := load.Constant(rate, d, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestClosedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, t.Context(), load.Plan{Methods: steady(10 * time.Millisecond), Callers: 4, Duration: 5 * time.Second})
		near(t, "the number of calls", float64(r.Calls), 2000, 8)
		near(t, "the rate", r.Rate, 400, 2)
		near(t, "the median", r.Latency.P50, 10, 0.05)
		near(t, "the elapsed time", r.Elapsed, 5, 0.02)
		if r.Sent != r.Calls || r.Received != r.Calls || r.Bytes != 10*r.Calls || r.Codes["ok"] != r.Calls {
			t.Errorf("%d calls have %d messages sent, %d received, %d bytes and codes %v", r.Calls, r.Sent, r.Received, r.Bytes, r.Codes)
		}
		if r.Behind != nil || r.Interrupted || r.Errors != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		methods := []load.Method{{Do: func(ctx context.Context, _ int, _ int64) load.Outcome {
			made.Add(1)
			return wait(ctx, time.Millisecond)
		}}}
		r := run(t, t.Context(), load.Plan{Methods: methods, Callers: 7, Requests: 1000})
		if made.Load() != 1000 || r.Calls != 1000 {
			t.Errorf("%d calls were made and %d counted", made.Load(), r.Calls)
		}
	})
}

func TestWarmupIsNotCounted(t *testing.T) {
	for _, open := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var made atomic.Int64
			plan := load.Plan{Callers: 10, Duration: 2 * time.Second, Warmup: time.Second, Methods: []load.Method{{
				Do: func(ctx context.Context, _ int, _ int64) load.Outcome {
					made.Add(1)
					if time.Since(begin) < 990*time.Millisecond {
						return load.Outcome{Err: errors.New("too early")}
					}
					return wait(ctx, 10*time.Millisecond)
				},
			}}}
			if open {
				plan.Schedule = constant(t, 100, 2*time.Second)
			} else { // the server is slow to fail, too
				do := plan.Methods[0].Do
				plan.Methods[0].Do = func(ctx context.Context, caller int, seq int64) load.Outcome {
					wait(ctx, time.Millisecond)
					return do(ctx, caller, seq)
				}
			}
			r := run(t, t.Context(), plan)
			if r.Errors != 0 || r.Calls == 0 || made.Load() <= r.Calls {
				t.Errorf("open loop %v: of %d calls %d were counted, %d of them failed", open, made.Load(), r.Calls, r.Errors)
			}
			near(t, "the elapsed time", r.Elapsed, 2, 0.05)
		})
	}
}

// stalling answers at once, but for the calls in the second after begin+2s,
// which wait for that second's end.
func stalling(begin time.Time) []load.Method {
	stall, end := begin.Add(2*time.Second), begin.Add(3*time.Second)
	return []load.Method{{Do: func(ctx context.Context, _ int, _ int64) load.Outcome {
		if now := time.Now(); now.After(stall) && now.Before(end) {
			return wait(ctx, end.Sub(now))
		}
		return wait(ctx, time.Millisecond)
	}}}
}

func TestOpenLoopShowsStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := run(t, t.Context(), load.Plan{Methods: stalling(time.Now()), Callers: 4, Duration: 10 * time.Second})
		near(t, "the closed loop's p99", closed.Latency.P99, 1, 0.1) // it omits the stall
		open := run(t, t.Context(), load.Plan{Methods: stalling(time.Now()), Callers: 4, Schedule: constant(t, 200, 10*time.Second)})
		near(t, "the open loop's p99", open.Latency.P99, 900, 30)
		near(t, "the open loop's median", open.Latency.P50, 1, 0.1)
		if b := open.Behind; b.Due != 2000 || b.Unsent != 0 || open.Calls != 2000 || b.Max < 900 || b.Late < 150 {
			t.Errorf("of %d calls: %+v", open.Calls, b)
		}
		var worst time.Duration
		at := 0.0
		for _, i := range open.Intervals {
			if p99 := i.Latency.Quantile(0.99); p99 > worst {
				worst, at = p99, i.At
			}
		}
		near(t, "the stall's place", at, 3, 0.15)
	})
}

func TestOpenLoopBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Two callers and 100 ms a call are 20 calls a second, not 100.
		r := run(t, t.Context(), load.Plan{Methods: steady(100 * time.Millisecond), Callers: 2, Schedule: constant(t, 100, 5*time.Second)})
		near(t, "the rate", r.Rate, 20, 1)
		if b := r.Behind; b.Due != 500 || b.Unsent+r.Calls != 500 || b.Unsent < 390 || b.Max < 3500 {
			t.Errorf("of %d calls: %+v", r.Calls, b)
		}
		near(t, "what was wanted", r.Intervals[3].Wanted, 100, 0)
	})
}

func TestRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := load.ParseRamp("100:1000:10s")
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, t.Context(), load.Plan{Methods: steady(time.Millisecond), Callers: 20, Schedule: s})
		near(t, "the number of calls", float64(r.Calls), 5500, 2)
		for _, i := range r.Intervals {
			near(t, fmt.Sprintf("the rate at %.1f s", i.At), i.Rate(), i.Wanted, 25)
		}
		near(t, "the latency", r.Latency.Max, 1, 0.01)
	})
}

func TestMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		methods := append(steady(time.Millisecond), steady(2*time.Millisecond)...)
		methods[0].Weight, methods[1].Weight = 3, 1
		r := run(t, t.Context(), load.Plan{Methods: methods, Callers: 3, Requests: 400})
		if a, b := r.Methods[0], r.Methods[1]; a.Calls != 300 || b.Calls != 100 || r.Calls != 400 {
			t.Errorf("%d and %d of %d calls", a.Calls, b.Calls, r.Calls)
		}
		near(t, "the first median", r.Methods[0].Latency.P50, 1, 0.01)
		near(t, "the second median", r.Methods[1].Latency.P50, 2, 0.01)
	})
}

func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		methods := []load.Method{{Do: func(ctx context.Context, _ int, seq int64) load.Outcome {
			out := wait(ctx, time.Millisecond)
			switch {
			case seq%10 == 0:
				out.Err = curlew.Errorf(curlew.NotFound, "no %d", seq)
			case seq%10 == 1:
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				return wait(ctx, time.Hour)
			case seq%10 == 2:
				out.Err = errors.New("\xff")
			}
			return out
		}}}
		r := run(t, t.Context(), load.Plan{Methods: methods, Callers: 5, Requests: 1000})
		for code, want := range map[string]int64{"ok": 700, "not_found": 100, "deadline_exceeded": 100, "unknown": 100} {
			if r.Codes[code] != want {
				t.Errorf("%d are %s, want %d", r.Codes[code], code, want)
			}
		}
		if r.Calls != 1000 || r.Errors != 300 || r.Latency.Distribution.Count() != 800 {
			t.Errorf("%d calls, %d errors, %d latencies", r.Calls, r.Errors, r.Latency.Distribution.Count())
		}
		near(t, "the maximum", r.Latency.Max, 1001, 1) // of those out of time
		var sum int64
		for _, f := range r.Failed {
			sum += f.Count
		}
		if n := len(r.Failed); n > 60 || sum != 300 || !strings.Contains(fmt.Sprint(r.Failed), "(others)") {
			t.Errorf("%d kinds of failures, %d in all: %v", n, sum, r.Failed)
		}
	})
}

func TestInterrupt(t *testing.T) {
	for _, open := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3005*time.Millisecond)
			defer cancel()
			plan := load.Plan{Methods: steady(10 * time.Millisecond), Callers: 2, Duration: time.Hour}
			if open {
				plan.Schedule = constant(t, 100, time.Hour)
			}
			r := run(t, ctx, plan)
			if !r.Interrupted || r.Errors != 0 || r.Calls < 290 {
				t.Errorf("open loop %v: %d calls, %d errors, interrupted %v", open, r.Calls, r.Errors, r.Interrupted)
			}
			near(t, "the elapsed time", r.Elapsed, 3, 0.1)
			if open && r.Behind.Due > 301 {
				t.Errorf("%d calls were due", r.Behind.Due)
			}
		})
	}
}

func TestIntervalsStayFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, t.Context(), load.Plan{Methods: steady(100 * time.Millisecond), Callers: 1, Duration: 5 * time.Minute})
		if n := len(r.Intervals); n < 100 || n > 240 {
			t.Errorf("there are %d intervals", n)
		}
		var calls int64
		end := 0.0
		for _, i := range r.Intervals {
			near(t, "an interval's begin", i.At, end, 1e-6)
			end = i.At + i.Width
			calls += i.Calls
			if i.Latency.Count() != i.Calls {
				t.Errorf("an interval has %d latencies of %d calls", i.Latency.Count(), i.Calls)
			}
		}
		near(t, "the last interval's end", end, r.Elapsed, 1e-6)
		if calls != r.Calls {
			t.Errorf("the intervals have %d of %d calls", calls, r.Calls)
		}
	})
}

func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var views []load.View
		run(t, t.Context(), load.Plan{
			Methods: steady(10 * time.Millisecond), Callers: 2, Requests: 1000, Warmup: time.Second,
			Observe: func(v load.View) { mu.Lock(); views = append(views, v); mu.Unlock() },
		})
		first, middle, last := views[0], views[len(views)/2], views[len(views)-1]
		if first.Elapsed >= 0 || first.Calls != 0 || first.Done != 0 {
			t.Errorf("at first: %+v", first)
		}
		near(t, "the rate", middle.Rate, 200, 10)
		near(t, "the share done in the middle", middle.Done, middle.Elapsed.Seconds()/5, 0.05)
		near(t, "the median", float64(middle.P50), 1e7, 1e5)
		if last.Calls != 1000 || last.Done != 1 {
			t.Errorf("at last: %+v", last)
		}
	})
}

func TestManySamplesAtOnce(t *testing.T) {
	const n = 100_000 // far more than a caller's desk holds
	methods := []load.Method{{Do: func(context.Context, int, int64) load.Outcome { return load.Outcome{Received: 1} }}}
	r := run(t, t.Context(), load.Plan{Methods: methods, Callers: 3, Requests: n})
	if r.Calls != n || r.Latency.Distribution.Count() != n || r.Received != n {
		t.Errorf("%d calls, %d latencies, %d messages", r.Calls, r.Latency.Distribution.Count(), r.Received)
	}
}

func TestPlanThatCannotWork(t *testing.T) {
	for _, c := range []struct {
		plan load.Plan
		want string
	}{
		{load.Plan{}, "no method"},
		{load.Plan{Methods: steady(0)}, "0 callers"},
		{load.Plan{Methods: steady(0), Callers: 1}, "nothing ends"},
	} {
		if _, err := load.Run(t.Context(), c.plan); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
