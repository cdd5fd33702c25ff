// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curlewrpc/curlew/bench/limits"
	"github.com/curlewrpc/curlew/bench/measure"
	"github.com/curlewrpc/curlew/bench/report"
	"github.com/curlewrpc/curlew/bench/rival"
)

// TestMain lets the test program be the children of run, as the real program is.
func TestMain(m *testing.M) {
	if handled, exit := measure.Main(os.Args[1:], fakes()); handled {
		os.Exit(exit)
	}
	// The race detector makes a process wait for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// fakes are the limits, one of them under the name of Curlew, one that answers
// wrong and one that cannot be dialed.
func fakes() []rival.Framework {
	all := limits.Frameworks()
	named := func(name string) rival.Framework {
		f := all[len(all)-1]
		f.Name, f.Limit = name, false
		return f
	}
	curlew, liar, broken := named("curlew"), named("liar"), named("broken")
	liar.Dial = func(ctx context.Context, addr string, conns int) (rival.Client, error) {
		c, err := all[len(all)-1].Dial(ctx, addr, conns)
		return lying{c}, err
	}
	broken.Dial = func(context.Context, string, int) (rival.Client, error) { return nil, errors.New("out of order") }
	return append(all, curlew, liar, broken)
}

type lying struct{ rival.Client }

func (l lying) Echo(ctx context.Context, conn int, payload []byte) ([]byte, error) {
	answer, err := l.Client.Echo(ctx, conn, payload)
	if len(answer) > 0 {
		answer = bytes.Clone(answer)
		answer[len(answer)-1]++
	}
	return answer, err
}

// try runs the program, shortly.
func try(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), append([]string{"-rounds", "2", "-duration", "20ms", "-warmup", "1ms"}, args...), &out, &err)
	return status, out.String(), err.String()
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	docs := filepath.Join(dir, "page.md")
	page := "# Page\n\n<!-- results, written by the benchmark -->\n<!-- end of results -->\n"
	if err := os.WriteFile(docs, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := try(t, "-run", "echo-64B-1x1|stream.*-1x1|open.*50|mixed|idle-1$", "-frameworks", "curlew,limit-goroutine,limit-pingpong", "-out", dir, "-docs", docs, "-v")
	if status != reached {
		t.Fatalf("status %d\n%s\n%s", status, stdout, stderr)
	}
	for _, want := range []string{"echo-64B-1x1", "limit-pingpong", "Floors: 0 met, 0 missed", "inconclusive"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "round 2 of 2") {
		t.Errorf("no progress in\n%s", stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []report.Entry
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatal(err)
	}
	if want := 4*3 + 2; len(entries) != want { // limit-pingpong has no streams
		t.Errorf("%d entries, want %d:\n%s", len(entries), want, text)
	}
	for _, e := range entries {
		if !(e.CallsPerSecond > 0 && e.P50 > 0 && e.Rounds == 2) {
			t.Errorf("no figures: %+v", e)
		}
	}
	for _, name := range []string{"run.json", "page/rate-echo-of-64-b.svg", "page/latency-mixed-load.svg", "page/latency-open-loop-64-b.svg"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if written, err := os.ReadFile(docs); err != nil || !strings.Contains(string(written), "(page/rate-echo-of-64-b.svg)") {
		t.Errorf("the page is %q, %v", written, err)
	}
}

func TestWrongAnswersLeaveNoFigures(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := try(t, "-run", "echo-64B-1x1", "-frameworks", "curlew,liar", "-out", dir)
	if status != failed || stdout != "" || !strings.Contains(stderr, "no figures: liar, echo-64B-1x1: wrong answer") {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("there are files: %v, %v", files, err)
	}
}

func TestFailuresAreTold(t *testing.T) {
	status, stdout, stderr := try(t, "-run", "echo-64B-1x1", "-frameworks", "curlew,broken")
	if status != failed || !strings.Contains(stdout, "out of order") || !strings.Contains(stdout, "| curlew ") {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
}

func TestMissedFloorFails(t *testing.T) {
	b := &bench{report: report.New([]measure.Info{{Name: "curlew"}}, nil)}
	for round := range 7 {
		one := measure.Result{Calls: 1000, Seconds: 1, P99: 10, Client: measure.Usage{Allocs: 9000}}
		b.report.Add("curlew", "echo-64B-1x1", round, one)
	}
	var out bytes.Buffer
	if b.summary(&out) || !strings.Contains(out.String(), "1 missed") || !strings.Contains(out.String(), "allocations of a warm call") {
		t.Errorf("9 allocations are fine:\n%s", &out)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{{"-frameworks", "nobody"}, {"-run", "nothing"}, {"-rounds", "0"}, {"-kitex", filepath.Join(t.TempDir(), "missing")}} {
		if status, stdout, stderr := try(t, args...); status != misused || stdout != "" || stderr == "" {
			t.Errorf("%q: status %d\n%s\n%s", args, status, stdout, stderr)
		}
	}
	if status, _, stderr := try(t, "-help"); status != reached || !strings.Contains(stderr, "-quick") {
		t.Errorf("-help: status %d\n%s", status, stderr)
	}
	if status, stdout, _ := try(t, "-list"); status != reached || !strings.Contains(stdout, "echo-64B-64x1") || !strings.Contains(stdout, "measurements, about") {
		t.Errorf("-list: status %d\n%s", status, stdout)
	}
}
