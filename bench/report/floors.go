// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/curlewrpc/curlew/bench/stats"
)

// Verdict says whether a floor is reached.
type Verdict string

// A floor is missed when the whole 95 % interval lies on the wrong side of its
// bound, and met when the whole interval lies on the right side.
const (
	Met          Verdict = "met"
	Missed       Verdict = "missed"
	Inconclusive Verdict = "inconclusive" // the bound lies in the interval, or there are too few rounds for one
	NotMeasured  Verdict = "not measured"
)

// Floor is what was found of one.
type Floor struct {
	Name     string
	MustBe   string
	Measured stats.Interval
	Bound    float64 // of Measured
	Detail   string  // what Measured comes from
	Verdict  Verdict
}

// figure is one that a floor looks at.
type figure struct {
	framework, scenario string
	metric              metric
}

// floor is what has to be reached.
type floor struct {
	name   string
	mustBe string
	of     []figure
	value  func(medians []float64) float64
	detail func(medians []float64) string // may be nil
	bound  float64
	atMost bool // otherwise: at least
}

// floors is the table of all floors.
//
// Of a rate there are two: a multiple of the fair limit's and a multiple of
// grpc-go's. The first decides; the second binds where it lies below. So what
// has to be reached is the lower of the two rates.
func floors(harnessAllocs float64) []floor {
	return slices.Concat(nativeFloors(harnessAllocs), grpcFloors(harnessAllocs), connectFloors())
}

// nativeFloors are those of the native protocol.
func nativeFloors(harnessAllocs float64) []floor {
	return []floor{
		rateFloor("64 B, 1 caller", "echo-64B-1x1", 0.9, 2),
		rateFloor("1 KiB, 1 caller", "echo-1KiB-1x1", 0.9, 1.8),
		rateFloor("64 B, 64 callers, 1 connection", "echo-64B-64x1", 0.8, 3.5),
		rateFloor("1 KiB, 64 callers, 1 connection", "echo-1KiB-64x1", 0.8, 3.5),
		rateFloor("64 B, 256 callers, 4 connections", "echo-64B-256x4", 0.75, 4.5),
		rateFloor("1 KiB, 256 callers, 4 connections", "echo-1KiB-256x4", 0.75, 4.5),
		rateFloor("64 KiB, 64 callers, 1 connection", "echo-64KiB-64x1", 1, 2.3),
		rateFloor("64 KiB, 256 callers, 4 connections", "echo-64KiB-256x4", 1, 2.3),
		rateFloor("1 MiB, 4 callers", "echo-1MiB-4x1", 1.2, 1.5),
		rateFloor("server stream of 128 B messages", "stream-128B-1x1", 0.6, 4),
		tailFloor("64 B, 64 callers", "echo-64B-64x1", own, 0.4),
		tailFloor("1 KiB, 64 callers", "echo-1KiB-64x1", own, 0.4),
		plainFloor("64 B, 1 caller", "echo-64B-1x1"),
		plainFloor("1 KiB, 1 caller", "echo-1KiB-1x1"),
		plainFloor("64 B, 64 callers", "echo-64B-64x1"),
		plainFloor("1 KiB, 64 callers", "echo-1KiB-64x1"),
		plainFloor("64 B, 256 callers", "echo-64B-256x4"),
		plainFloor("1 KiB, 256 callers", "echo-1KiB-256x4"),
		{
			name: "allocations of a warm call, client and server", mustBe: "at most 8 of the framework's own",
			of:    []figure{{own, "echo-64B-1x1", allocs}},
			value: func(m []float64) float64 { return m[0] - harnessAllocs },
			detail: func(m []float64) string {
				return fmt.Sprintf("%.2f, %.2f of them the benchmark's", m[0], harnessAllocs)
			},
			// 0.1 is for what the runtime and the measurement allocate now and then.
			bound: 8.1, atMost: true,
		},
		idleFloor("memory of an idle connection on the server", "at most 8 KiB", own, serverRSS, 8<<10),
		idleFloor("goroutines of an idle connection on the server", "at most 2", own, serverGoroutines, 2),
		{
			name: "mixed load, p99 of 63 callers of 64 B beside 1 of 1 MiB", mustBe: "at most 3 × their p99 alone",
			of:    []figure{{own, mixed, p99}, {own, mixedAlone, p99}},
			value: func(m []float64) float64 { return m[0] / m[1] },
			detail: func(m []float64) string {
				return fmt.Sprintf("%s µs, alone %s µs", grouped(m[0]), grouped(m[1]))
			},
			bound: 3, atMost: true,
		},
	}
}

// Scenarios that floors compare with each other.
const (
	mixed      = "mixed-63x64B-1x1MiB"
	mixedAlone = "echo-64B-63x1"
	idleFew    = "idle-1"
	idleMany   = "idle-2000"

	idleConnections = 2000 - 1 // that idleMany has more than idleFew
)

func rateFloor(name, scenario string, ofLimit, ofGRPC float64) floor {
	return floor{
		name:   "calls/s: " + name,
		mustBe: fmt.Sprintf("at least %g × the fair limit's, or %g × grpc-go's where that is less", ofLimit, ofGRPC),
		of:     []figure{{own, scenario, rate}, {fairLimit, scenario, rate}, {grpcGo, scenario, rate}},
		value:  func(m []float64) float64 { return m[0] / min(ofLimit*m[1], ofGRPC*m[2]) },
		detail: func(m []float64) string {
			return fmt.Sprintf("%s/s: %.2f × the fair limit's, %.2f × grpc-go's", grouped(m[0]), m[0]/m[1], m[0]/m[2])
		},
		bound: 1,
	}
}

func tailFloor(name, scenario, framework string, bound float64) floor {
	return floor{
		name: "p99: " + name, mustBe: fmt.Sprintf("at most %g × grpc-go's", bound),
		of:     []figure{{framework, scenario, p99}, {grpcGo, scenario, p99}},
		value:  func(m []float64) float64 { return m[0] / m[1] },
		detail: func(m []float64) string { return fmt.Sprintf("%s µs, grpc-go %s µs", grouped(m[0]), grouped(m[1])) },
		bound:  bound, atMost: true,
	}
}

func plainFloor(name, scenario string) floor {
	return floor{
		name: "plain Go service: " + name, mustBe: "at least 0.8 × the calls/s of the protobuf one",
		of:     []figure{{ownPlain, scenario, rate}, {own, scenario, rate}},
		value:  func(m []float64) float64 { return m[0] / m[1] },
		detail: func(m []float64) string { return fmt.Sprintf("%s/s, protobuf %s/s", grouped(m[0]), grouped(m[1])) },
		bound:  0.8,
	}
}

func idleFloor(name, mustBe, framework string, m metric, bound float64) floor {
	return floor{
		name: name, mustBe: mustBe,
		of:    []figure{{framework, idleMany, m}, {framework, idleFew, m}},
		value: func(m []float64) float64 { return (m[0] - m[1]) / idleConnections },
		bound: bound, atMost: true,
	}
}

// FloorScenarios returns the names of the scenarios that floors look at.
func FloorScenarios() []string {
	var names []string
	seen := make(map[string]bool)
	for _, f := range floors(0) {
		for _, of := range f.of {
			if !seen[of.scenario] {
				seen[of.scenario] = true
				names = append(names, of.scenario)
			}
		}
	}
	return names
}

// FloorNeeds says whether a floor looks at a framework in a scenario.
func FloorNeeds(framework, scenario string) bool {
	for _, f := range floors(0) {
		for _, of := range f.of {
			if of.framework == framework && of.scenario == scenario {
				return true
			}
		}
	}
	return false
}

// Floors holds the results to every floor.
func (r *Report) Floors() []Floor {
	var found []Floor
	for _, f := range floors(r.HarnessAllocs) {
		series := make([]stats.Series, len(f.of))
		for i, of := range f.of {
			series[i] = r.series(of.framework, of.scenario, of.metric)
		}
		measured := stats.Estimate(f.value, series...)
		one := Floor{Name: f.name, MustBe: f.mustBe, Measured: measured, Bound: f.bound, Verdict: f.verdict(measured)}
		if f.detail != nil && measured.Rounds > 0 {
			one.Detail = f.detail(stats.Medians(series...))
		}
		found = append(found, one)
	}
	return found
}

func (f *floor) verdict(measured stats.Interval) Verdict {
	low, high, bound := measured.Low, measured.High, f.bound
	if f.atMost {
		low, high, bound = -high, -low, -bound
	}
	switch {
	case measured.Rounds == 0 || math.IsNaN(measured.Value):
		return NotMeasured
	case measured.Rounds < stats.EnoughRounds:
		return Inconclusive
	case high < bound:
		return Missed
	case low >= bound:
		return Met
	}
	return Inconclusive
}
