// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/report"
)

// contender is a framework and the program that holds it.
type contender struct {
	measure.Info
	program string
}

// step is a scenario in a round, run by one framework after the other.
type step struct {
	round      int
	scenario   scenario
	contenders []contender
}

// plan says what is run.
type plan struct {
	rounds int
	fewer  int // rounds of those that are not in every round
	seed   uint64
	quick  bool
}

// steps goes through all scenarios in every round. The order of frameworks is
// another one in each step, so that none always runs after the same.
func (p *plan) steps(scenarios []scenario, contenders []contender) []step {
	rng := rand.New(rand.NewPCG(p.seed, 0))
	var steps []step
	for round := range p.rounds {
		for _, s := range scenarios {
			var takePart []contender
			for _, c := range contenders {
				if p.takesPart(round, s, c) {
					takePart = append(takePart, c)
				}
			}
			rng.Shuffle(len(takePart), func(i, j int) { takePart[i], takePart[j] = takePart[j], takePart[i] })
			if len(takePart) > 0 {
				steps = append(steps, step{round, s, takePart})
			}
		}
	}
	return steps
}

func (p *plan) takesPart(round int, s scenario, c contender) bool {
	switch {
	case s.Kind == measure.Stream && !c.Streams:
		return false
	case report.FloorNeeds(c.Name, s.Name), c.Limit && !p.quick, inEveryRound(c.Name) && !p.quick:
		return true
	case p.quick, c.ForFloors:
		return false
	}
	// Fewer rounds are spread over all, at equal distances.
	fewer := min(p.fewer, p.rounds)
	return (round*fewer)%p.rounds < fewer
}

// overhead is what a measurement takes beside warming up and measuring.
const overhead = 250 * time.Millisecond

// estimate is how long the steps will take, about.
func estimate(steps []step) time.Duration {
	var d time.Duration
	for _, s := range steps {
		d += time.Duration(len(s.contenders)) * timeOf(s.scenario)
	}
	return d
}

func timeOf(s scenario) time.Duration {
	if s.Kind == measure.Idle {
		return overhead + time.Duration(s.Conns)*500*time.Microsecond + s.Duration
	}
	return overhead + s.Warmup + s.Duration
}
