// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/stats"
)

const echo = "echo-64B-64x1"

func closed(name string, size, callers int) Scenario {
	return Scenario{
		Scenario: measure.Scenario{Name: name, Kind: measure.Closed, Size: size, Callers: callers, Conns: 1},
		Section:  "Echo of 64 B", Title: "64 callers | 1 connection",
	}
}

func idling(name string, conns int) Scenario {
	return Scenario{
		Scenario: measure.Scenario{Name: name, Kind: measure.Idle, Conns: conns, Callers: conns},
		Section:  "Idle connections", Title: name,
	}
}

// made is a report about Curlew, grpc-go and the fair limit.
func made() *Report {
	return New(
		[]measure.Info{{Name: own}, {Name: ownPlain}, {Name: grpcGo}, {Name: fairLimit, Limit: true}, {Name: "limit-pingpong", Limit: true, ConnectionPerCaller: true}},
		[]Scenario{closed(echo, 64, 64), idling(idleFew, 1), idling(idleMany, 2000)})
}

// result is of one second.
func result(calls int64, p99 float64) measure.Result {
	return measure.Result{
		Calls: calls, Seconds: 1, P50: p99 / 2, P99: p99, P999: 2 * p99, Max: 3 * p99,
		Client: measure.Usage{CPUSeconds: 0.5, Allocs: uint64(12 * calls), AllocBytes: uint64(900 * calls), Reads: uint64(calls), Writes: uint64(calls), PeakRSS: 30 << 20},
		Server: measure.Usage{CPUSeconds: 0.25, Allocs: uint64(6 * calls), AllocBytes: uint64(300 * calls), Reads: uint64(calls), Writes: uint64(calls), PeakRSS: 20 << 20},
	}
}

// add adds rounds with these rates, and latencies in proportion to 1/rate.
func add(r *Report, framework, scenario string, rates ...int64) {
	for round, calls := range rates {
		r.Add(framework, scenario, round, result(calls, 64e6/float64(calls)))
	}
}

func around(rate int64) []int64 {
	return []int64{rate, rate * 101 / 100, rate * 99 / 100, rate, rate * 102 / 100, rate * 98 / 100, rate}
}

func noisy(rate int64) []int64 {
	return []int64{rate, rate * 150 / 100, rate * 60 / 100, rate, rate * 140 / 100, rate * 70 / 100, rate}
}

func find(t *testing.T, r *Report, name string) Floor {
	t.Helper()
	for _, f := range r.Floors() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no floor %q", name)
	return Floor{}
}

func TestRateFloor(t *testing.T) {
	const name = "calls/s: 64 B, 64 callers, 1 connection" // 0.8 of the limit's, 3.5 of grpc-go's
	for _, test := range []struct {
		name             string
		own, limit, grpc []int64
		want             Verdict
		value            float64
	}{
		{"above the limit's part", around(90_000), around(100_000), around(20_000), Met, 90.0 / 70},
		{"below it", around(60_000), around(100_000), around(20_000), Missed, 60.0 / 70},
		{"above grpc-go's multiple, which is lower", around(75_000), around(100_000), around(20_000), Met, 75.0 / 70},
		{"below grpc-go's multiple, which is higher, but above the limit's part", around(85_000), around(100_000), around(30_000), Met, 85.0 / 80},
		{"below both", around(75_000), around(100_000), around(30_000), Missed, 75.0 / 80},
		{"noise around the bound", noisy(80_000), around(100_000), around(30_000), Inconclusive, 1},
		{"too few rounds", around(90_000)[:5], around(100_000)[:5], around(20_000)[:5], Inconclusive, 90.0 / 70},
		{"no limit", around(90_000), nil, around(20_000), NotMeasured, math.NaN()},
		{"no grpc-go", around(90_000), around(100_000), nil, NotMeasured, math.NaN()},
	} {
		r := made()
		add(r, own, echo, test.own...)
		add(r, fairLimit, echo, test.limit...)
		add(r, grpcGo, echo, test.grpc...)
		f := find(t, r, name)
		if f.Verdict != test.want {
			t.Errorf("%s: %s (%+v), want %s", test.name, f.Verdict, f.Measured, test.want)
		}
		if v := f.Measured.Value; math.Abs(v-test.value) > 0.001 && !(math.IsNaN(v) && math.IsNaN(test.value)) {
			t.Errorf("%s: %v of the bound, want %v", test.name, v, test.value)
		}
	}
}

func TestTailFloor(t *testing.T) {
	for _, test := range []struct {
		own  []int64
		want Verdict
	}{{around(60_000), Met}, {around(40_000), Missed}, {noisy(50_000), Inconclusive}} {
		r := made()
		add(r, own, echo, test.own...)
		add(r, grpcGo, echo, around(20_000)...)
		if f := find(t, r, "p99: 64 B, 64 callers"); f.Verdict != test.want {
			t.Errorf("%d calls/s: %s, want %s: %v", test.own[0], f.Verdict, test.want, f)
		}
	}
}

func TestOtherFloors(t *testing.T) {
	r := made()
	r.HarnessAllocs = 10
	add(r, own, "echo-64B-1x1", around(20_000)...) // with 18 allocations a call
	add(r, ownPlain, "echo-64B-1x1", around(15_000)...)
	add(r, own, mixed, around(10_000)...)
	add(r, own, mixedAlone, around(25_000)...)
	for round := range 7 {
		r.Add(own, idleFew, round, measure.Result{Server: measure.Usage{RSS: 10 << 20, Goroutines: 5}})
		r.Add(own, idleMany, round, measure.Result{Server: measure.Usage{RSS: 10<<20 + 1999*9<<10, Goroutines: 5 + 2*1999}})
	}
	for name, want := range map[string]struct {
		value   float64
		verdict Verdict
	}{
		"allocations of a warm call, client and server":           {8, Met},
		"plain Go service: 64 B, 1 caller":                        {0.75, Missed},
		"mixed load, p99 of 63 callers of 64 B beside 1 of 1 MiB": {2.5, Met},
		"memory of an idle connection on the server":              {9 << 10, Missed},
		"goroutines of an idle connection on the server":          {2, Met},
	} {
		if f := find(t, r, name); math.Abs(f.Measured.Value-want.value) > 0.001 || f.Verdict != want.verdict {
			t.Errorf("%s: %v and %s, want %v and %s", name, f.Measured.Value, f.Verdict, want.value, want.verdict)
		}
	}
	r.HarnessAllocs = 9
	if f := find(t, r, "allocations of a warm call, client and server"); f.Verdict != Missed {
		t.Errorf("9 allocations: %s, want %s", f.Verdict, Missed)
	}
	if text := r.Markdown(""); !strings.Contains(text, "| curlew    |            9.0 |") {
		t.Errorf("no row with 9 KiB for an idle connection in\n%s", text)
	}
}

func TestFloorNeeds(t *testing.T) {
	for _, test := range []struct {
		framework, scenario string
		want                bool
	}{{own, mixed, true}, {grpcGo, mixed, false}, {ownPlain, echo, true}, {ownPlain, "echo-1MiB-4x1", false}, {fairLimit, "echo-64KiB-1x1", false}} {
		if got := FloorNeeds(test.framework, test.scenario); got != test.want {
			t.Errorf("FloorNeeds(%q, %q) = %v", test.framework, test.scenario, got)
		}
	}
}

func TestResultsJSON(t *testing.T) {
	r := made()
	add(r, own, echo, around(50_000)...)
	add(r, grpcGo, echo, around(20_000)...)
	add(r, "limit-pingpong", echo, around(10_000)[:3]...)
	r.Add(own, idleFew, 0, measure.Result{Server: measure.Usage{RSS: 1 << 20}})
	text, err := r.ResultsJSON()
	if err != nil {
		t.Fatal(err)
	}
	var entries []map[string]any
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(entries) != 3 {
		t.Fatalf("%d entries, want 3: idle connections have no calls\n%s", len(entries), text)
	}
	for name, want := range map[string]any{
		"framework": own, "scenario": echo, "calls_per_sec": 50_000.0, "p50_us": 640.0, "p99_us": 1280.0, "p999_us": 2560.0,
		"client_cpu_us_per_call": 10.0, "server_cpu_us_per_call": 5.0, "allocs_per_call": 18.0, "bytes_per_call": 1200.0,
		"syscalls_per_call": 4.0, "rounds": 7.0, "calls_per_sec_low": 49_000.0, "calls_per_sec_high": 51_000.0,
		"client_peak_rss": float64(30 << 20), "connections": 1.0,
	} {
		if got := entries[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if _, has := entries[0]["of_fair_limit"]; has {
		t.Error("there is a multiple of a limit that was not measured")
	}
	if ratio, _ := entries[0]["of_grpc_go"].(map[string]any); ratio["value"] != 2.5 {
		t.Errorf("of_grpc_go is %v, want 2.5", ratio)
	}
	if last := entries[2]; last["connections"] != 64.0 || last["rounds"] != 3.0 {
		t.Errorf("a connection per caller: %v", last)
	}
	if text, err = New(nil, nil).ResultsJSON(); err != nil || string(text) != "[]\n" {
		t.Errorf("without results: %q, %v", text, err)
	}
}

func TestRunJSON(t *testing.T) {
	r := made()
	r.Environment = Environment{CPU: "some CPU", Rounds: 7}
	add(r, own, echo, around(50_000)...)
	r.Fail(grpcGo, echo, errors.New("no answer"))
	text, err := r.RunJSON()
	if err != nil {
		t.Fatal(err)
	}
	var run struct {
		Environment struct{ CPU string }
		Floors      []struct{ Verdict Verdict }
		Failures    []Failure
	}
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	if run.Environment.CPU != "some CPU" || len(run.Floors) != len(floors(0)) || len(run.Failures) != 1 || run.Failures[0].Error != "no answer" {
		t.Errorf("got %+v from\n%s", run, text)
	}
}

func TestMixedCostsCountAllCalls(t *testing.T) {
	r := result(900, 1)
	r.Large = 100
	if got := clientCPU(r); got != 500 {
		t.Errorf("%v µs of CPU per call, want 500", got)
	}
	if got := rate(r); got != 900 {
		t.Errorf("%v calls/s, want 900: those of the small callers", got)
	}
}

func TestMarkdown(t *testing.T) {
	r := made()
	r.Environment = Environment{Time: time.Unix(0, 0), CPU: "some CPU", Rounds: 7, Fewer: 3, Warnings: []string{"it was loaded"}, Modules: map[string]string{"b": "v2", "a": "v1"}}
	add(r, own, echo, around(50_000)...)
	add(r, grpcGo, echo, around(20_000)...)
	r.Fail("drpc", echo, errors.New("lost\nit"))
	text := r.Markdown("pictures")
	for _, want := range []string{
		"some CPU", "7 of Curlew, grpc-go and the limits, 3 of the others", "it was loaded", "a v1, b v2",
		"- drpc, " + echo + ": lost it\n",
		"### Echo of 64 B\n", "![Calls per second: Echo of 64 B](pictures/rate-echo-of-64-b.svg)", "![Latency: Echo of 64 B](pictures/latency-echo-of-64-b.svg)",
		"| 50,000 ±2 % |", "| 10.0 + 5.00 |", "| 12.0 + 6.00 |", " 900 + 300 |", "| 30.0 + 20.0 |", "not measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	columns := 0
	for line := range strings.Lines(text) {
		n := strings.Count(line, "|") - strings.Count(line, "\\|")
		if n > 0 && columns > 0 && n != columns {
			t.Errorf("a row with %d marks in a table with %d: %s", n, columns, line)
		}
		columns = n
	}
	if strings.Contains(r.Markdown(""), "![") {
		t.Error("there are pictures, but no folder for them")
	}
}

func TestPlots(t *testing.T) {
	r := made()
	add(r, own, echo, around(50_000)...)
	sections := r.Sections()
	if len(sections) != 1 || len(sections[0].Plots) != 2 {
		t.Fatalf("%d sections, want one with 2 plots", len(sections))
	}
	for _, p := range sections[0].Plots {
		for d := xml.NewDecoder(strings.NewReader(string(p.SVG))); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
		}
		if !strings.Contains(string(p.SVG), ">curlew</text>") || !strings.Contains(string(p.SVG), color(own)) {
			t.Errorf("%s does not show curlew:\n%s", p.Name, p.SVG)
		}
	}
}

func TestFailDropsResults(t *testing.T) {
	r := made()
	add(r, own, echo, around(50_000)...)
	if got := r.Peak(own, echo); got != 50_000 {
		t.Errorf("the peak is %v, want 50000", got)
	}
	r.Fail(own, echo, errors.New("lost"))
	if !r.Failed(own, echo) || r.Failed(grpcGo, echo) || len(r.Entries()) != 0 || r.Peak(own, echo) != 0 {
		t.Errorf("after a failure there is %v", r.Entries())
	}
}

func TestReplace(t *testing.T) {
	const before = "# Title\n\n" + beginMark + "\nold\n" + endMark + "\n\nmore\n"
	const want = "# Title\n\n" + beginMark + "\n\nnew\n\n" + endMark + "\n\nmore\n"
	got, err := Replace(before, "new\n")
	if err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if again, err := Replace(got, "new\n"); err != nil || again != want {
		t.Errorf("again: %q, %v", again, err)
	}
	for _, document := range []string{"", beginMark + "\n", endMark} {
		if got, err := Replace(document, "new"); err == nil {
			t.Errorf("Replace(%q) = %q, want an error", document, got)
		}
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 0.123: "0.12", 9.994: "9.99", 12.34: "12.3", 123.4: "123", 1234: "1,234", 1234567: "1,234,567", -1234: "-1,234", -12.5: "-12.5",
	} {
		if got := grouped(v); got != want {
			t.Errorf("grouped(%v) = %q, want %q", v, got, want)
		}
	}
	if got := withSpread(stats.Interval{Value: 1000, Low: 900, High: 1050, Rounds: 7}); got != "1,000 ±10 %" {
		t.Errorf("withSpread = %q", got)
	}
}
