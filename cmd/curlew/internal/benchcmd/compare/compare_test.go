// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/compare"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/result"
)

// server is how a made-up server answers.
type server struct {
	median float64 // in milliseconds
	tail   float64 // the spread of the logarithms: 0.3 is even, 1 is wild
	failed float64 // share of the calls
	wander float64 // by how much the median wanders from second to second
}

// measured makes up a run of n intervals with so many calls each.
func (s server) measured(seed uint64, n, calls int) *result.Result {
	random := rand.New(rand.NewPCG(seed, 7))
	r := &result.Result{Format: result.Format}
	drift := 0.0
	for i := range n {
		drift = 0.5*drift + s.wander*random.NormFloat64()
		h := hdrhistogram.New(1, int64(time.Hour), 2)
		interval := result.Interval{At: float64(i) / 10, Width: 0.1}
		for range calls {
			interval.Calls++
			if random.Float64() < s.failed {
				interval.Errors++
				continue
			}
			latency := s.median * math.Exp(s.tail*random.NormFloat64()+drift)
			if err := h.RecordValue(int64(latency * 1e6)); err != nil {
				panic(err)
			}
		}
		// What a caller can do in an interval goes with how long a call takes.
		interval.Calls = int64(float64(interval.Calls) / s.median / math.Exp(drift))
		interval.Latency = result.DistributionOf(h)
		r.Intervals = append(r.Intervals, interval)
	}
	return r
}

// runs makes up several runs.
func (s server) runs(seed uint64, runs int) []*result.Result {
	var all []*result.Result
	for i := range runs {
		all = append(all, s.measured(seed*100+uint64(i), 40, 260))
	}
	return all
}

var options = compare.Options{Threshold: 0.05, Rounds: 200}

func verdicts(base, other []*result.Result) map[string]compare.Verdict {
	all := make(map[string]compare.Verdict)
	for _, f := range compare.Results(base, other, options) {
		all[f.Metric] = f.Verdict
	}
	return all
}

func TestTwiceTheSame(t *testing.T) {
	r := server{median: 1, tail: 0.8, failed: 0.01}.runs(1, 1)
	for metric, v := range verdicts(r, r) {
		if v != compare.Same {
			t.Errorf("%s of the same file is %s", metric, v)
		}
	}
}

// TestNoiseIsNoDifference measures one server many times. At a confidence of
// 99 % a verdict may be wrong now and then, hardly more.
func TestNoiseIsNoDifference(t *testing.T) {
	s := server{median: 1, tail: 0.8, failed: 0.01, wander: 0.01}
	wrong, all := 0, 0
	for seed := range uint64(8) {
		for metric, v := range verdicts(s.runs(2*seed, 1), s.runs(2*seed+1, 1)) {
			all++
			if v == compare.Better || v == compare.Worse {
				wrong++
				t.Logf("seed %d: %s is %s", seed, metric, v)
			}
		}
	}
	if wrong > all/20 {
		t.Errorf("%d of %d verdicts are wrong", wrong, all)
	}
}

func TestRealDifferences(t *testing.T) {
	base := server{median: 1, tail: 0.5, failed: 0.001, wander: 0.01}
	slower, faster, wilder, failing := base, base, base, base
	slower.median = 1.2
	faster.median = 0.8
	wilder.tail = 0.8
	failing.failed = 0.03
	for _, c := range []struct {
		name  string
		other server
		want  map[string]compare.Verdict
	}{
		{"slower", slower, map[string]compare.Verdict{
			"calls/s": compare.Worse, "mean": compare.Worse, "p50": compare.Worse, "p99": compare.Worse, "errors": compare.Same,
		}},
		{"faster", faster, map[string]compare.Verdict{
			"calls/s": compare.Better, "mean": compare.Better, "p50": compare.Better, "p99": compare.Better, "errors": compare.Same,
		}},
		{"wilder", wilder, map[string]compare.Verdict{"p50": compare.Same, "p99": compare.Worse, "p99.9": compare.Worse}},
		{"failing", failing, map[string]compare.Verdict{"p50": compare.Same, "errors": compare.Worse}},
	} {
		for _, runs := range []int{1, 3} {
			got := verdicts(base.runs(1, runs), c.other.runs(2, runs))
			for metric, want := range c.want {
				if got[metric] != want {
					t.Errorf("%s, %d runs: %s is %s, want %s", c.name, runs, metric, got[metric], want)
				}
			}
		}
	}
}

// TestRunsThatDiffer has a server whose runs differ by more than the sides: what
// one run of each would call a difference, several do not.
func TestRunsThatDiffer(t *testing.T) {
	side := func(seed uint64, medians ...float64) []*result.Result {
		var all []*result.Result
		for i, m := range medians {
			all = append(all, server{median: m, tail: 0.5}.measured(seed+uint64(i), 40, 260))
		}
		return all
	}
	base, other := side(10, 1, 1.3, 0.9), side(20, 1.2, 0.95, 1.25)
	if v := verdicts(base[:1], other[:1])["p50"]; v != compare.Worse {
		t.Errorf("by one run p50 is %s", v)
	}
	if v := verdicts(base, other)["p50"]; v != compare.Unclear && v != compare.Same {
		t.Errorf("by three runs p50 is %s", v)
	}
}

func TestThreshold(t *testing.T) {
	base, other := server{median: 1, tail: 0.3}.runs(1, 1), server{median: 1.03, tail: 0.3}.runs(2, 1)
	for threshold, want := range map[float64]compare.Verdict{0: compare.Worse, 0.01: compare.Worse, 0.05: compare.Same} {
		for _, f := range compare.Results(base, other, compare.Options{Threshold: threshold, Rounds: 200}) {
			if f.Metric == "p50" && f.Verdict != want {
				t.Errorf("with a threshold of %g a change of %.3f is %s, want %s", threshold, f.Change, f.Verdict, want)
			}
		}
	}
}

func TestIntervalHoldsTruth(t *testing.T) {
	hits, all := 0, 0
	for seed := range uint64(12) {
		base := server{median: 1, tail: 0.5, wander: 0.02}.runs(2*seed, 1)
		other := server{median: 1.1, tail: 0.5, wander: 0.02}.runs(2*seed+1, 1)
		for _, f := range compare.Results(base, other, compare.Options{Confidence: 0.95, Rounds: 200}) {
			if f.Metric == "p50" || f.Metric == "mean" {
				all++
				if f.Low <= 0.1 && 0.1 <= f.High {
					hits++
				}
			}
		}
	}
	if hits < all*75/100 {
		t.Errorf("%d of %d intervals hold the true change", hits, all)
	}
}

func TestTailsNeedCalls(t *testing.T) {
	few := []*result.Result{server{median: 1, tail: 0.5}.measured(1, 10, 20)}
	var metrics []string
	for _, f := range compare.Results(few, few, options) {
		metrics = append(metrics, f.Metric)
	}
	if want := []string{"calls/s", "errors", "mean", "p50", "p90"}; !slices.Equal(metrics, want) {
		t.Errorf("of 200 calls there are %v, want %v", metrics, want)
	}
}

func TestNothingMeasured(t *testing.T) {
	none := []*result.Result{{Intervals: []result.Interval{{Width: 1, Calls: 5, Errors: 5}}}}
	some := server{median: 1, tail: 0.5}.runs(1, 1)
	for _, f := range compare.Results(none, some, options) {
		if math.IsNaN(f.Change) || math.IsInf(f.Change, 0) {
			t.Errorf("%+v", f)
		}
		if f.Verdict != compare.Better {
			t.Errorf("from no answer to some, %s is %s", f.Metric, f.Verdict)
		}
	}
}

func ExampleResults() {
	base, other := server{median: 1, tail: 0.5}.runs(1, 3), server{median: 1.5, tail: 0.5}.runs(2, 3)
	for _, f := range compare.Results(base, other, compare.Options{Threshold: 0.05, Rounds: 200}) {
		if f.Metric == "p50" {
			fmt.Println("p50 is", f.Verdict)
		}
	}
	// Output: p50 is worse
}
