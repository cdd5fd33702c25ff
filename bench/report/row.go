// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/stats"
)

// row is what the tables and results.json tell of a framework in a scenario:
// medians over its rounds.
type row struct {
	framework measure.Info
	scenario  Scenario

	rate     stats.Interval
	toLimit  stats.Interval // its rate as a multiple of the fair limit's; no rounds: not measured
	toGRPC   stats.Interval // … of grpc-go's
	p50, p99 stats.Interval
	p999     float64

	clientCPU, serverCPU       float64 // µs per call
	clientAllocs, serverAllocs float64 // per call
	clientBytes, serverBytes   float64 // per call
	allocs, bytes              float64 // of both
	clientPeak, serverPeak     float64 // bytes
	syscalls                   float64 // per call
}

// rows returns the rows of a scenario with calls in the order of the frameworks.
func (r *Report) rows(s Scenario) []row {
	if s.Kind == measure.Idle {
		return nil
	}
	var rows []row
	for _, f := range r.frameworks {
		if len(r.results[key{f.Name, s.Name}]) == 0 {
			continue
		}
		of := func(m metric) stats.Interval { return stats.MedianOf(r.series(f.Name, s.Name, m)) }
		median := func(m metric) float64 { return stats.Medians(r.series(f.Name, s.Name, m))[0] }
		to := func(other string) stats.Interval {
			if s.Kind == measure.Open {
				return stats.Interval{}
			}
			return stats.Ratio(r.series(f.Name, s.Name, rate), r.series(other, s.Name, rate))
		}
		rows = append(rows, row{
			framework: f, scenario: s,
			rate: of(rate), toLimit: to(fairLimit), toGRPC: to(grpcGo),
			p50: of(p50), p99: of(p99), p999: median(p999),
			clientCPU: median(clientCPU), serverCPU: median(serverCPU),
			clientAllocs: median(clientAllocs), serverAllocs: median(serverAllocs),
			clientBytes: median(clientBytes), serverBytes: median(serverBytes),
			allocs: median(allocs), bytes: median(bytesOf),
			clientPeak: median(clientPeak), serverPeak: median(serverPeak),
			syscalls: median(syscalls),
		})
	}
	return rows
}

// idle is what idle connections cost a framework's server.
type idle struct {
	Framework               string  `json:"framework"`
	Rounds                  int     `json:"rounds"`
	BytesPerConnection      float64 `json:"bytes_per_connection"`
	BytesLow                float64 `json:"bytes_per_connection_low"`
	BytesHigh               float64 `json:"bytes_per_connection_high"`
	GoroutinesPerConnection float64 `json:"goroutines_per_connection"`
}

// idles returns what was measured of idle connections.
func (r *Report) idles() []idle {
	few, many, ok := r.idleScenarios()
	if !ok {
		return nil
	}
	var all []idle
	for _, f := range r.frameworks {
		memory := r.slope(f.Name, few, many, serverRSS)
		if memory.Rounds == 0 {
			continue
		}
		goroutines := r.slope(f.Name, few, many, serverGoroutines)
		all = append(all, idle{f.Name, memory.Rounds, memory.Value, memory.Low, memory.High, goroutines.Value})
	}
	return all
}

// idleScenarios finds the two with the fewest and the most idle connections.
func (r *Report) idleScenarios() (few, many Scenario, ok bool) {
	for _, s := range r.scenarios {
		if s.Kind != measure.Idle {
			continue
		}
		if few.Name == "" || s.Conns < few.Conns {
			few = s
		}
		if many.Name == "" || s.Conns > many.Conns {
			many = s
		}
	}
	return few, many, few.Conns < many.Conns
}

// slope is how much more of something a server has with each connection more.
func (r *Report) slope(framework string, few, many Scenario, m metric) stats.Interval {
	between := float64(many.Conns - few.Conns)
	return stats.Estimate(func(medians []float64) float64 { return (medians[1] - medians[0]) / between },
		r.series(framework, few.Name, m), r.series(framework, many.Name, m))
}
