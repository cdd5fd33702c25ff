// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// View is the state of a run, for a display.
type View struct {
	Elapsed time.Duration // since the warm-up; negative in it
	// Done is the share of the run that is over, from 0 to 1.
	Done          float64
	Calls, Errors int64
	// Rate, P50 and P99 are of the last second or interval.
	Rate     float64
	P50, P99 time.Duration
}

// view is the run's state.
func (r *recorder) view() View {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := View{Elapsed: time.Since(r.run.warm)}
	for _, m := range r.methods {
		v.Calls += m.calls
		v.Errors += m.errors
	}
	switch {
	case v.Elapsed <= 0:
	case r.schedule != nil || r.run.plan.Requests == 0:
		v.Done = float64(v.Elapsed) / float64(r.run.end.Sub(r.run.warm))
	default:
		v.Done = float64(v.Calls) / float64(r.run.plan.Requests)
		if !r.run.end.IsZero() {
			v.Done = max(v.Done, float64(v.Elapsed)/float64(r.run.end.Sub(r.run.warm)))
		}
	}
	v.Done = min(v.Done, 1)
	var recent result.Interval
	for i := len(r.intervals) - 1; i >= 0 && recent.Width < 0.95; i-- {
		recent = result.Join(r.intervals[i], recent)
	}
	v.Rate = recent.Rate()
	v.P50, v.P99 = recent.Latency.Quantile(0.5), recent.Latency.Quantile(0.99)
	return v
}
