// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// EnoughRounds is how many rounds a 95 % interval of a median takes.
const EnoughRounds = 6

// draws is how often rounds are drawn.
const draws = 4000

// Series are measurements of one thing by their round.
type Series map[int]float64

// Interval is an estimate and its 95 % confidence interval.
type Interval struct {
	Value, Low, High float64
	// Rounds is how many it is from. With 0 there is no value; with less than
	// EnoughRounds the interval is narrower than it should be.
	Rounds int
}

// Median returns the middle of values, the mean of the two in the middle if
// their number is even, and NaN if there are none.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Medians returns the medians of the series over the rounds that all of them
// have.
func Medians(series ...Series) []float64 {
	medians := make([]float64, len(series))
	for i, values := range align(series) {
		medians[i] = Median(values)
	}
	return medians
}

// Estimate returns what of gives for the medians of the series, in their order,
// over the rounds that all of them have. The same input gives the same result.
func Estimate(of func(medians []float64) float64, series ...Series) Interval {
	aligned := align(series)
	n := len(aligned[0])
	if n == 0 {
		return Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	medians := Medians(series...)
	value := of(medians)
	if n == 1 {
		return Interval{Value: value, Low: value, High: value, Rounds: 1}
	}
	estimates := make([]float64, draws)
	rng := rand.New(rand.NewPCG(0xc0ffee, uint64(n)))
	drawn := make([][]float64, len(series))
	for i := range drawn {
		drawn[i] = make([]float64, n)
	}
	for d := range estimates {
		for k := range n {
			round := rng.IntN(n)
			for i := range aligned {
				drawn[i][k] = aligned[i][round]
			}
		}
		for i := range drawn {
			medians[i] = sortedMedian(drawn[i])
		}
		estimates[d] = of(medians)
	}
	slices.Sort(estimates)
	cut := int(tail(n) * draws)
	return Interval{Value: value, Low: estimates[cut], High: estimates[draws-1-cut], Rounds: n}
}

// MedianOf estimates the median of one series.
func MedianOf(s Series) Interval {
	return Estimate(func(medians []float64) float64 { return medians[0] }, s)
}

// Ratio estimates the median of a as a multiple of the median of b.
func Ratio(a, b Series) Interval {
	return Estimate(func(medians []float64) float64 { return medians[0] / medians[1] }, a, b)
}

// align returns the values of the rounds that all series have, by series, in
// the order of the rounds.
func align(series []Series) [][]float64 {
	aligned := make([][]float64, len(series))
	for _, round := range slices.Sorted(maps.Keys(series[0])) {
		everywhere := true
		for _, s := range series {
			_, has := s[round]
			everywhere = everywhere && has
		}
		if !everywhere {
			continue
		}
		for i, s := range series {
			aligned[i] = append(aligned[i], s[round])
		}
	}
	return aligned
}

// sortedMedian is Median for few values, which it sorts in place.
func sortedMedian(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// studentT are the 97.5 % quantiles of Student's t distribution for 1, 2, 3 …
// degrees of freedom.
var studentT = []float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
}

// tail is the part of the draws that is cut off at either end for n rounds.
func tail(n int) float64 {
	t := 1.96 + 2.4/float64(n-1) // within 0.01 for more than 20 degrees of freedom
	if n-1 <= len(studentT) {
		t = studentT[n-2]
	}
	return math.Erfc(t*math.Sqrt(float64(n)/float64(n-1))/math.Sqrt2) / 2
}
