// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"

	"github.com/curlewrpc/curlew/bench/measure"
)

// Entry is an element of results.json: medians over the rounds, and of some the
// ends of their 95 % confidence interval. Of mixed load, rate and latencies are
// those of the callers with small messages, all else is per call of either
// kind. Of streams, a call is a message.
type Entry struct {
	Framework string       `json:"framework"`
	Scenario  string       `json:"scenario"`
	Kind      measure.Kind `json:"kind"`
	Size      int          `json:"size"`
	Callers   int          `json:"callers"`
	Conns     int          `json:"connections"`
	Rounds    int          `json:"rounds"`

	CallsPerSecond     float64 `json:"calls_per_sec"`
	CallsPerSecondLow  float64 `json:"calls_per_sec_low"`
	CallsPerSecondHigh float64 `json:"calls_per_sec_high"`

	P50     float64 `json:"p50_us"`
	P50Low  float64 `json:"p50_us_low"`
	P50High float64 `json:"p50_us_high"`
	P99     float64 `json:"p99_us"`
	P99Low  float64 `json:"p99_us_low"`
	P99High float64 `json:"p99_us_high"`
	P999    float64 `json:"p999_us"`

	ClientCPU float64 `json:"client_cpu_us_per_call"`
	ServerCPU float64 `json:"server_cpu_us_per_call"`

	// Of both sides.
	Allocs       float64 `json:"allocs_per_call"`
	ClientAllocs float64 `json:"client_allocs_per_call"`
	ServerAllocs float64 `json:"server_allocs_per_call"`
	Bytes        float64 `json:"bytes_per_call"`
	ClientBytes  float64 `json:"client_bytes_per_call"`
	ServerBytes  float64 `json:"server_bytes_per_call"`

	Syscalls   float64 `json:"syscalls_per_call"` // that read and write, of both sides; 0 where the system does not count them
	ClientPeak float64 `json:"client_peak_rss"`   // bytes
	ServerPeak float64 `json:"server_peak_rss"`

	// Its rate as a multiple of another's; absent if that was not measured.
	OfFairLimit *Ratio `json:"of_fair_limit,omitempty"`
	OfGRPC      *Ratio `json:"of_grpc_go,omitempty"`
}

// Ratio is a multiple and its 95 % confidence interval over the rounds that
// both have.
type Ratio struct {
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Rounds int     `json:"rounds"`
}

// Entries returns what results.json holds.
func (r *Report) Entries() []Entry {
	entries := []Entry{}
	for _, s := range r.scenarios {
		for _, row := range r.rows(s) {
			entries = append(entries, row.entry())
		}
	}
	return entries
}

func (r *row) entry() Entry {
	e := Entry{
		Framework: r.framework.Name, Scenario: r.scenario.Name, Kind: r.scenario.Kind,
		Size: r.scenario.Size, Callers: r.scenario.Callers, Conns: r.scenario.Conns, Rounds: r.rate.Rounds,
		CallsPerSecond: r.rate.Value, CallsPerSecondLow: r.rate.Low, CallsPerSecondHigh: r.rate.High,
		P50: r.p50.Value, P50Low: r.p50.Low, P50High: r.p50.High,
		P99: r.p99.Value, P99Low: r.p99.Low, P99High: r.p99.High, P999: r.p999,
		ClientCPU: r.clientCPU, ServerCPU: r.serverCPU,
		Allocs: r.allocs, ClientAllocs: r.clientAllocs, ServerAllocs: r.serverAllocs,
		Bytes: r.bytes, ClientBytes: r.clientBytes, ServerBytes: r.serverBytes,
		Syscalls: r.syscalls, ClientPeak: r.clientPeak, ServerPeak: r.serverPeak,
	}
	if r.framework.ConnectionPerCaller {
		e.Conns = e.Callers
	}
	if r.toLimit.Rounds > 0 {
		e.OfFairLimit = &Ratio{r.toLimit.Value, r.toLimit.Low, r.toLimit.High, r.toLimit.Rounds}
	}
	if r.toGRPC.Rounds > 0 {
		e.OfGRPC = &Ratio{r.toGRPC.Value, r.toGRPC.Low, r.toGRPC.High, r.toGRPC.Rounds}
	}
	return e
}

// ResultsJSON returns the contents of results.json.
func (r *Report) ResultsJSON() ([]byte, error) {
	return indented(r.Entries())
}

// RunJSON returns what goes with results.json: what the run was made on, the
// floors, and idle connections.
func (r *Report) RunJSON() ([]byte, error) {
	type floorEntry struct {
		Name     string  `json:"name"`
		MustBe   string  `json:"must_be"`
		Bound    float64 `json:"bound"`
		Measured *Ratio  `json:"measured,omitempty"`
		Verdict  Verdict `json:"verdict"`
		Detail   string  `json:"from,omitempty"`
	}
	run := struct {
		Environment   Environment    `json:"environment"`
		HarnessAllocs float64        `json:"harness_allocs_per_call"`
		Frameworks    []measure.Info `json:"frameworks"`
		Floors        []floorEntry   `json:"floors"`
		Idle          []idle         `json:"idle_connections"`
		Failures      []Failure      `json:"failures,omitempty"`
	}{Environment: r.Environment, HarnessAllocs: r.HarnessAllocs, Frameworks: r.frameworks, Idle: r.idles(), Failures: r.failures}
	for _, f := range r.Floors() {
		e := floorEntry{Name: f.Name, MustBe: f.MustBe, Bound: f.Bound, Verdict: f.Verdict, Detail: f.Detail}
		if m := f.Measured; m.Rounds > 0 {
			e.Measured = &Ratio{m.Value, m.Low, m.High, m.Rounds}
		}
		run.Floors = append(run.Floors, e)
	}
	return indented(run)
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
