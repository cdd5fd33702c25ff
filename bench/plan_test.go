// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/report"
)

// all are what the real program and that of Kitex hold.
func all() []contender {
	var contenders []contender
	for _, f := range frameworks() {
		contenders = append(contenders, contender{measure.Info{Name: f.Name, Limit: f.Limit, Streams: f.Streams}, "bench"})
	}
	for _, name := range []string{"kitex", "kitex-grpc"} {
		contenders = append(contenders, contender{measure.Info{Name: name, Streams: name != "kitex"}, "kitex"})
	}
	return contenders
}

func TestFloorsHaveTheirScenarios(t *testing.T) {
	var names []string
	for _, s := range scenarios(0, 0) {
		if slices.Contains(names, s.Name) {
			t.Errorf("there are two scenarios %q", s.Name)
		}
		names = append(names, s.Name)
	}
	for _, name := range append(report.FloorScenarios(), peak) {
		if !slices.Contains(names, name) {
			t.Errorf("there is no scenario %q", name)
		}
	}
}

// forFloors are the frameworks that floors look at, in order.
var forFloors = []string{
	"connect", "curlew", "curlew-connect", "curlew-grpc", "curlew-plain", "curlew-to-grpc-go", "grpc-go", "grpc-go-to-curlew", "limit-goroutine",
}

func TestFrameworksAreThereAndNamedWell(t *testing.T) {
	var names []string
	for _, c := range all() {
		if slices.Contains(names, c.Name) || strings.ToLower(c.Name) != c.Name || strings.ContainsAny(c.Name, " ,") {
			t.Errorf("%q is there twice, or not a name", c.Name)
		}
		names = append(names, c.Name)
	}
	for _, s := range scenarios(0, 0) {
		for _, name := range forFloors {
			if report.FloorNeeds(name, s.Name) && !slices.Contains(names, name) {
				t.Errorf("there is no %q", name)
			}
		}
	}
}

func TestStepsInterleave(t *testing.T) {
	p := plan{rounds: 7, fewer: 3, seed: 1}
	chosen := scenarios(time.Second, time.Second)
	steps := p.steps(chosen, all())
	type pair struct{ framework, scenario string }
	rounds := make(map[pair][]int)
	orders := make(map[string]bool)
	last := 0
	for _, s := range steps {
		if s.round < last {
			t.Fatalf("round %d comes after round %d", s.round, last)
		}
		last = s.round
		order := ""
		for _, c := range s.contenders {
			k := pair{c.Name, s.scenario.Name}
			rounds[k] = append(rounds[k], s.round)
			order += c.Name + " "
		}
		orders[order] = true
	}
	if len(orders) < len(steps)/2 {
		t.Errorf("only %d orders in %d steps", len(orders), len(steps))
	}
	for _, c := range all() {
		for _, s := range chosen {
			k := pair{c.Name, s.Name}
			want := 3
			switch {
			case c.Limit, inEveryRound(c.Name), report.FloorNeeds(c.Name, s.Name):
				want = 7
			case c.ForFloors:
				want = 0
			}
			if s.Kind == measure.Stream && !c.Streams {
				if len(rounds[k]) != 0 {
					t.Errorf("%v is measured, but cannot be", k)
				}
			} else if got := slices.Compact(rounds[k]); len(got) != want {
				t.Errorf("%v is measured in rounds %v, want %d rounds", k, got, want)
			}
		}
	}
	same := p.steps(chosen, all())
	for i := range steps {
		if !slices.Equal(steps[i].contenders, same[i].contenders) {
			t.Fatalf("step %d has another order with the same seed", i)
		}
	}
}

func TestQuickMeasuresWhatFloorsNeed(t *testing.T) {
	p := plan{rounds: 7, fewer: 3, quick: true}
	seen := make(map[string]bool)
	for _, s := range p.steps(scenarios(0, 0), all()) {
		for _, c := range s.contenders {
			seen[c.Name] = true
			if !report.FloorNeeds(c.Name, s.scenario.Name) {
				t.Errorf("%s is measured in %s", c.Name, s.scenario.Name)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, forFloors) {
		t.Errorf("measured: %v", got)
	}
}

// TestTime holds the default settings to the time that a run may take, with
// some left for building.
func TestTime(t *testing.T) {
	for _, test := range []struct {
		args []string
		most time.Duration
	}{{nil, 41 * time.Minute}, {[]string{"-quick"}, 7 * time.Minute}} {
		o, err := parse(test.args, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		p := plan{rounds: o.rounds, fewer: o.fewer, quick: o.quick}
		if d := estimate(p.steps(scenarios(o.warmup, o.duration), all())); d > test.most {
			t.Errorf("%v takes about %v, want at most %v", test.args, d, test.most)
		}
	}
}

func TestChoose(t *testing.T) {
	for pattern, want := range map[string][]string{
		"^idle":          {"idle-1", "idle-2000"},
		"open-.*-80":     {peak, "open-64B-64x1-80"},
		"1MiB-4x1|mixed": {"echo-1MiB-4x1", "mixed-63x64B-1x1MiB"},
		"nothing":        nil,
	} {
		var got []string
		for _, s := range choose(scenarios(0, 0), regexp.MustCompile(pattern)) {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s chooses %v, want %v", pattern, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-quick", "-duration", "2s", "-frameworks", "a,b", "-docs", "docs/page.md"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if o.warmup != 150*time.Millisecond || o.duration != 2*time.Second || !slices.Equal(o.frameworks, []string{"a", "b"}) || o.plots != "docs/page" {
		t.Errorf("got %+v", o)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-run", "("}, {"word"}, {"-duration", "-1s"}, {"-unknown"}} {
		if _, err := parse(args, t.Output()); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestCPU(t *testing.T) {
	before, ok := parseCPU("cpu  1000 0 500 8000 300 50 50 100 0 0")
	if !ok || before.busy != 16 || before.total != 100 || before.stolen != 1 {
		t.Fatalf("got %+v, %v", before, ok)
	}
	after := cpu{total: 200, busy: 66, stolen: 6, own: 40}
	if busy, stolen := after.others(before); busy != 0.1 || stolen != 0.05 {
		t.Errorf("others used %v, the host %v, want 0.1 and 0.05", busy, stolen)
	}
	if busy, stolen := (cpu{}).others(cpu{}); busy >= 0 || stolen >= 0 {
		t.Errorf("without figures: %v, %v, want them negative", busy, stolen)
	}
	for _, line := range []string{"", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 x 5 6 7 8"} {
		if c, ok := parseCPU(line); ok {
			t.Errorf("parseCPU(%q) = %+v", line, c)
		}
	}
}

func TestHarnessAllocs(t *testing.T) {
	// Four messages, two payloads, and a context with its timer.
	if got := harnessAllocs(); got < 8 || got > 13 {
		t.Errorf("the harness makes %v allocations a call", got)
	}
}
