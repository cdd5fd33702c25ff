// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/internal/fleetsim/grpcpolicy"
	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

// picker is what a scenario compares.
type picker struct {
	name string
	make func(sim.Client) balance.Picker
}

// pickers returns all that there are, by name.
func pickers() []picker {
	ewma := func(c sim.Client) *balance.PeakEWMA { return &balance.PeakEWMA{Seed: c.Seed} }
	// Default itself cannot be given a seed.
	standard := func(c sim.Client) balance.Picker { return &balance.Outlier{Picker: ewma(c)} }
	return []picker{
		{"pick_first", func(sim.Client) balance.Picker { return new(balance.PickFirst) }},
		{"round_robin", func(c sim.Client) balance.Picker { return &balance.RoundRobin{Seed: c.Seed} }},
		{"random", func(c sim.Client) balance.Picker { return &balance.Random{Seed: c.Seed} }},
		{"weighted", func(c sim.Client) balance.Picker { return &balance.WeightedRoundRobin{Seed: c.Seed} }},
		{"weighted by reports", func(c sim.Client) balance.Picker {
			return &balance.WeightedRoundRobin{Reported: true, Seed: c.Seed}
		}},
		{"least_request", func(c sim.Client) balance.Picker { return &balance.LeastRequest{Seed: c.Seed} }},
		{"peak_ewma", func(c sim.Client) balance.Picker { return ewma(c) }},
		{"default", standard},
		{"outlier + round_robin", func(c sim.Client) balance.Picker {
			return &balance.Outlier{Picker: &balance.RoundRobin{Seed: c.Seed}}
		}},
		{"outlier + least_request", func(c sim.Client) balance.Picker {
			return &balance.Outlier{Picker: &balance.LeastRequest{Seed: c.Seed}}
		}},
		{"outlier by latency + round_robin", func(c sim.Client) balance.Picker {
			return &balance.Outlier{Latency: 3, Picker: &balance.RoundRobin{Seed: c.Seed}}
		}},
		{"slow start + default", func(c sim.Client) balance.Picker {
			return &balance.SlowStart{Window: coldFor, Picker: standard(c)}
		}},
		{"zone + default", func(c sim.Client) balance.Picker {
			return &balance.Zone{Local: c.Zone, Seed: c.Seed, New: func() balance.Picker { return standard(c) }}
		}},
		{"subset + default", func(c sim.Client) balance.Picker {
			return &balance.Subset{Number: c.Number, Picker: standard(c)}
		}},
		{"subset by name + default", func(c sim.Client) balance.Picker {
			return &balance.Subset{Name: fmt.Sprint("host-", c.Number), Picker: standard(c)}
		}},
		{"ring_hash", func(c sim.Client) balance.Picker { return &balance.RingHash{Key: c.Key, Seed: c.Seed} }},
		{"ring_hash, bounded", func(c sim.Client) balance.Picker {
			return &balance.RingHash{Key: c.Key, LoadFactor: 1.25, Seed: c.Seed}
		}},
		{"maglev", func(c sim.Client) balance.Picker { return &balance.Maglev{Key: c.Key, Size: 4099, Seed: c.Seed} }},
		{"maglev, bounded", func(c sim.Client) balance.Picker {
			return &balance.Maglev{Key: c.Key, Size: 4099, LoadFactor: 1.25, Seed: c.Seed}
		}},
		{"grpc pick_first", func(c sim.Client) balance.Picker { return grpcpolicy.NewPickFirst(c.Seed) }},
		{"grpc round_robin", func(c sim.Client) balance.Picker { return grpcpolicy.NewRoundRobin(c.Seed) }},
		{"grpc weighted_round_robin", func(c sim.Client) balance.Picker { return grpcpolicy.NewWeightedRoundRobin(c.Seed) }},
		{"grpc least_request", func(c sim.Client) balance.Picker { return grpcpolicy.NewLeastRequest(c.Seed) }},
		{"grpc round_robin + outlier", func(c sim.Client) balance.Picker {
			return grpcpolicy.NewOutlierDetection(grpcpolicy.NewRoundRobin(c.Seed))
		}},
		{"grpc least_request + outlier", func(c sim.Client) balance.Picker {
			return grpcpolicy.NewOutlierDetection(grpcpolicy.NewLeastRequest(c.Seed))
		}},
	}
}
