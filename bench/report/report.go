// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/stats"
)

// Frameworks that others are compared with.
const (
	own        = "curlew"
	ownPlain   = "curlew-plain"
	ownGRPC    = "curlew-grpc"
	ownConnect = "curlew-connect"
	connectGo  = "connect"
	toOurs     = "grpc-go-to-curlew" // grpc-go's client, our server
	toTheirs   = "curlew-to-grpc-go"
	grpcGo     = "grpc-go"
	fairLimit  = "limit-goroutine"
)

// Scenario is a scenario and where it stands in a report.
type Scenario struct {
	measure.Scenario
	Section string // the table and the plots that it belongs to
	Title   string // what it is, within its section
}

// Report is the results of a run. Its methods may not be called concurrently.
type Report struct {
	// Environment is what the run was made on.
	Environment Environment
	// HarnessAllocs is how many of the allocations of a call are not the
	// framework's: messages, decoded payloads, the deadline's context.
	HarnessAllocs float64

	frameworks []measure.Info
	scenarios  []Scenario
	results    map[key]map[int]measure.Result // by round
	failures   []Failure
}

// key is what is measured in every round.
type key struct{ framework, scenario string }

// Failure is a measurement that failed, so that there are no figures of it.
type Failure struct {
	Framework string `json:"framework"`
	Scenario  string `json:"scenario"`
	Error     string `json:"error"`
}

// New makes a report without results. Its tables have the order of frameworks
// and scenarios.
func New(frameworks []measure.Info, scenarios []Scenario) *Report {
	return &Report{frameworks: frameworks, scenarios: scenarios, results: make(map[key]map[int]measure.Result)}
}

// Add adds what was measured in a round.
func (r *Report) Add(framework, scenario string, round int, result measure.Result) {
	k := key{framework, scenario}
	if r.results[k] == nil {
		r.results[k] = make(map[int]measure.Result)
	}
	r.results[k][round] = result
}

// Fail drops a framework's results in a scenario, those of earlier rounds too.
func (r *Report) Fail(framework, scenario string, err error) {
	r.failures = append(r.failures, Failure{framework, scenario, err.Error()})
	delete(r.results, key{framework, scenario})
}

// Failed says whether Fail was called for a framework in a scenario.
func (r *Report) Failed(framework, scenario string) bool {
	return slices.ContainsFunc(r.failures, func(f Failure) bool { return f.Framework == framework && f.Scenario == scenario })
}

// Failures returns what Fail was called with.
func (r *Report) Failures() []Failure { return r.failures }

// Peak is the median rate of a framework in a scenario so far, 0 if it was not
// measured.
func (r *Report) Peak(framework, scenario string) float64 {
	if s := r.series(framework, scenario, rate); len(s) > 0 {
		return stats.Medians(s)[0]
	}
	return 0
}

// metric is a figure of a result.
type metric func(measure.Result) float64

// series returns a figure of every round, none if nothing was measured.
func (r *Report) series(framework, scenario string, m metric) stats.Series {
	s := make(stats.Series)
	for round, result := range r.results[key{framework, scenario}] {
		s[round] = m(result)
	}
	return s
}

// calls are all that cost something, those of a large caller too.
func calls(r measure.Result) float64 { return float64(r.Calls + r.Large) }

func rate(r measure.Result) float64 { return r.CallsPerSecond() }
func p50(r measure.Result) float64  { return r.P50 }
func p99(r measure.Result) float64  { return r.P99 }
func p999(r measure.Result) float64 { return r.P999 }

func clientCPU(r measure.Result) float64 { return 1e6 * r.Client.CPUSeconds / calls(r) }
func serverCPU(r measure.Result) float64 { return 1e6 * r.Server.CPUSeconds / calls(r) }

func clientAllocs(r measure.Result) float64 { return float64(r.Client.Allocs) / calls(r) }
func serverAllocs(r measure.Result) float64 { return float64(r.Server.Allocs) / calls(r) }
func allocs(r measure.Result) float64       { return clientAllocs(r) + serverAllocs(r) }

func clientBytes(r measure.Result) float64 { return float64(r.Client.AllocBytes) / calls(r) }
func serverBytes(r measure.Result) float64 { return float64(r.Server.AllocBytes) / calls(r) }
func bytesOf(r measure.Result) float64     { return clientBytes(r) + serverBytes(r) }

func clientPeak(r measure.Result) float64 { return float64(r.Client.PeakRSS) }
func serverPeak(r measure.Result) float64 { return float64(r.Server.PeakRSS) }

func syscalls(r measure.Result) float64 {
	return float64(r.Client.Reads+r.Client.Writes+r.Server.Reads+r.Server.Writes) / calls(r)
}

func serverRSS(r measure.Result) float64        { return float64(r.Server.RSS) }
func serverGoroutines(r measure.Result) float64 { return float64(r.Server.Goroutines) }
