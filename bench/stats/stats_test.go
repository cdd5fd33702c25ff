// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{4, 1}, 2.5},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{7, 7, 7, 1, 100}, 7},
	} {
		before := append([]float64(nil), test.values...)
		if got := Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.values, got, test.want)
		}
		for i := range before {
			if before[i] != test.values[i] {
				t.Errorf("Median has changed its argument to %v, from %v", test.values, before)
			}
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("Median of nothing = %v, want NaN", got)
	}
}

// series makes a series of the rounds 0, 1, 2 …
func series(values ...float64) Series {
	s := make(Series)
	for i, v := range values {
		s[i] = v
	}
	return s
}

func TestMedianOf(t *testing.T) {
	for _, test := range []struct {
		name string
		of   Series
		want Interval
	}{
		{"one round", series(5), Interval{5, 5, 5, 1}},
		{"two rounds", series(4, 6), Interval{5, 4, 6, 2}},
		{"three rounds", series(3, 1, 2), Interval{2, 1, 3, 3}},
		{"seven rounds", series(7, 1, 6, 2, 5, 3, 4), Interval{4, 1, 7, 7}},
		{"nine rounds: one may lie outside", series(9, 1, 8, 2, 7, 3, 6, 4, 5), Interval{5, 2, 8, 9}},
		{"no noise", series(3, 3, 3, 3, 3, 3, 3), Interval{3, 3, 3, 7}},
	} {
		if got := MedianOf(test.of); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	if got := MedianOf(nil); got.Rounds != 0 || !math.IsNaN(got.Value) {
		t.Errorf("nothing: %v, want no value", got)
	}
}

func TestRatioPairsRounds(t *testing.T) {
	// The machine is slower from round to round, for both alike.
	a, b := series(200, 180, 160, 140, 120, 100, 80), series(100, 90, 80, 70, 60, 50, 40)
	if got, want := Ratio(a, b), (Interval{2, 2, 2, 7}); got != want {
		t.Errorf("of series that go together: %v, want %v", got, want)
	}
	// The same numbers in another order do not go together.
	if got := Ratio(a, series(40, 50, 60, 70, 80, 90, 100)); got.Value != 2 || got.Low > 1.5 || got.High < 2.5 {
		t.Errorf("of series that do not: %v, want a wide interval around 2", got)
	}
	// Rounds that one of them lacks do not count.
	few := Series{1: 45, 4: 30, 6: 20, 99: 1}
	if got, want := Ratio(a, few), (Interval{4, 4, 4, 3}); got != want {
		t.Errorf("of 7 and 3 rounds: %v, want %v", got, want)
	}
	if got := Ratio(a, Series{50: 1}); got.Rounds != 0 {
		t.Errorf("without a round in common: %v, want none", got)
	}
}

func TestEstimateIsRepeatable(t *testing.T) {
	a, b, c := series(5, 7, 6, 8, 5, 9, 4), series(2, 3, 2, 4, 3, 3, 2), series(1, 2, 3, 2, 1, 2, 3)
	of := func(m []float64) float64 { return m[0] / min(m[1], 2*m[2]) }
	first := Estimate(of, a, b, c)
	if again := Estimate(of, a, b, c); again != first {
		t.Errorf("first %v, then %v", first, again)
	}
	if first.Value != 2 || first.Low >= 2 || first.High <= 2 {
		t.Errorf("%v, want an interval around 2", first)
	}
}

// TestCoverage counts how often the interval holds the true ratio of medians of
// noisy series with slow rounds in between, as benchmarks have them.
func TestCoverage(t *testing.T) {
	const trials, truth = 100, 2.0
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rounds := range []int{7, 9} {
		held := 0
		for range trials {
			a, b := make(Series), make(Series)
			for i := range rounds {
				slow := math.Exp(-0.1 * rng.ExpFloat64())
				a[i] = 100 * truth * slow * math.Exp(0.05*rng.NormFloat64())
				b[i] = 100 * slow * math.Exp(0.05*rng.NormFloat64())
			}
			if got := Ratio(a, b); got.Low <= truth && truth <= got.High {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.9 {
			t.Errorf("%d rounds: %.1f %% of the intervals hold the true ratio, want about 95 %%", rounds, 100*share)
		} else {
			t.Logf("%d rounds: %.1f %%", rounds, 100*share)
		}
	}
}

func TestTail(t *testing.T) {
	for n, want := range map[int]float64{3: 6.8e-8, 7: 0.0041, 9: 0.0072, 21: 0.0163, 100: 0.0230} {
		if got := tail(n); math.Abs(got-want) > 0.02*want+1e-4 {
			t.Errorf("tail(%d) = %v, want %v", n, got, want)
		}
	}
	for n := 2; n < 100; n++ {
		if tail(n+1) < tail(n) {
			t.Errorf("tail(%d) = %v is less than tail(%d) = %v", n+1, tail(n+1), n, tail(n))
		}
	}
}
