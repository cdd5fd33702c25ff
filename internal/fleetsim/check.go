// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/curlewrpc/curlew/internal/fleetsim/sim"
)

// rule is something that must be true of the results of a scenario, by picker.
type rule struct {
	scenario, text string
	holds          func(map[string]*sim.Outcome) bool
}

func rules() []rule {
	type outcomes = map[string]*sim.Outcome
	return []rule{
		{"even", "default's p99 is at most 1.1 times round_robin's", func(o outcomes) bool {
			return o["default"].P99 <= 1.1*o["round_robin"].P99
		}},
		{"even", "least_request's p99 is below random's", func(o outcomes) bool {
			return o["least_request"].P99 < o["random"].P99
		}},
		{"even", "no server is used 1.25 times the mean by round_robin, least_request and default", func(o outcomes) bool {
			return max(o["round_robin"].Imbalance, o["least_request"].Imbalance, o["default"].Imbalance) < 1.25
		}},
		{"bimodal", "default's p99 is at most 1.1 times round_robin's", func(o outcomes) bool {
			return o["default"].P99 <= 1.1*o["round_robin"].P99
		}},
		{"generations", "default, least_request and weighted by reports have a third of round_robin's p99", func(o outcomes) bool {
			return 3*max(o["default"].P99, o["least_request"].P99, o["weighted by reports"].P99) <= o["round_robin"].P99
		}},
		{"weights", "weights help least_request", func(o outcomes) bool {
			return o["least_request"].P99 < o["grpc least_request"].P99
		}},
		{"one-slow", "default's p99 is at most a third of round_robin's", func(o outcomes) bool {
			return 3*o["default"].P99 <= o["round_robin"].P99
		}},
		{"one-slow", "default gives the slow server less than a fifth of a fair share", func(o outcomes) bool {
			return o["default"].Watched < 0.2/checkServers
		}},
		{"fails-fast", "default has less than a fifth of round_robin's errors", func(o outcomes) bool {
			return 5*o["default"].Errors < o["round_robin"].Errors
		}},
		{"fails-fast", "an outlier around least_request takes four fifths of its errors away", func(o outcomes) bool {
			return 5*o["outlier + least_request"].Errors < o["least_request"].Errors
		}},
		{"hangs", "default has less than a fifth of round_robin's errors", func(o outcomes) bool {
			return 5*o["default"].Errors < o["round_robin"].Errors
		}},
		{"fails-fast", "default gives the server its share again, 45 s after it is well at most", func(o outcomes) bool {
			after, known := o["default"].Recovery(faultEnd)
			return known && after <= 45*time.Second
		}},
		{"overload", "default's errors are at most 1.1 times round_robin's", func(o outcomes) bool {
			return o["default"].Errors <= 1.1*o["round_robin"].Errors
		}},
		{"rolling", "slow start does not make default's p99 worse than 1.05 times", func(o outcomes) bool {
			return o["slow start + default"].P99 <= 1.05*o["default"].P99
		}},
		{"zones", "calls stay in their zone as far as it can take them", func(o outcomes) bool {
			return o["zone + default"].Local > 0.75 && o["default"].Local < 0.5
		}},
		{"keys", "a bound evens ring_hash and maglev out", func(o outcomes) bool {
			return o["ring_hash, bounded"].Imbalance < o["ring_hash"].Imbalance && o["maglev, bounded"].Imbalance < o["maglev"].Imbalance
		}},
	}
}

// The fleets of a check.
const (
	checkServers = 10
	checkClients = 6
)

// small makes a scenario's fleet small, and all run long enough for what is to
// be seen.
func small(s scenario) scenario {
	s.config.Servers, s.config.Clients = checkServers, checkClients
	s.config.ServerZones = s.config.ServerZones[:min(checkServers, len(s.config.ServerZones))]
	s.config.ClientZones = s.config.ClientZones[:min(checkClients, len(s.config.ClientZones))]
	if s.name == "fails-fast" {
		s.config.Length = faultEnd + 45*time.Second + 5*time.Second
	}
	return s
}

// checkAll runs small fleets and says which rules hold.
func checkAll(seed uint64, out io.Writer) error {
	named := make(map[string]bool)
	for _, r := range rules() {
		named[r.scenario] = true
	}
	var chosen []scenario
	for _, s := range scenarios(seed) {
		if named[s.name] {
			chosen = append(chosen, small(s))
		}
	}
	byName := make(map[string]map[string]*sim.Outcome)
	for i, results := range simulate(chosen) {
		outcomes := make(map[string]*sim.Outcome)
		for _, r := range results {
			outcomes[r.picker] = r.Outcome
		}
		byName[chosen[i].name] = outcomes
	}
	broken := 0
	for _, r := range rules() {
		word := "ok  "
		if !r.holds(byName[r.scenario]) {
			word = "FAIL"
			broken++
		}
		fmt.Fprintf(out, "%s %s: %s\n", word, r.scenario, r.text)
	}
	if broken > 0 {
		return fmt.Errorf("%w: %d, with seed %d", errBroken, broken, seed)
	}
	return nil
}

var errBroken = errors.New("what must be true is not")
