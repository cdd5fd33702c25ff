// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadConnect(t *testing.T) {
	const log = `Computed 2304 config case permutations.
FAILED: Basic/HTTPVersion:1/unary/success:
	expected compression br; instead got identity
FAILED: Timeouts/unary was expected to fail but did not

Total cases: 12
10 passed, 2 failed
`
	r, err := readConnect(log)
	if err != nil || r.total != 12 || r.passed != 10 || r.ok() ||
		!slices.Equal(r.failed, []string{"Basic/HTTPVersion:1/unary/success", "Timeouts/unary was expected to fail but did not"}) {
		t.Errorf("read %+v, %v", r, err)
	}
	if r, err := readConnect("Total cases: 3\n3 passed, 0 failed\n"); err != nil || !r.ok() {
		t.Errorf("read %+v, %v", r, err)
	}
	if _, err := readConnect("Total cases: 3\n3 passed, 0 failed\nAnother 2 could not be run due to client timing out or exiting prematurely.\n"); err == nil {
		t.Error("cases that were not run passed")
	}
	if _, err := readConnect("error: no such file\n"); err == nil {
		t.Error("a run without a summary passed")
	}
}

func TestReadH2spec(t *testing.T) {
	const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="1. Starting" package="generic/1" id="1" tests="1">
    <testcase package="generic/1" classname="Sends a preface" time="0.0004"></testcase>
  </testsuite>
  <testsuite name="6.9. WINDOW_UPDATE" package="http2/6.9" id="6.9" tests="3">
    <testcase package="http2/6.9" classname="one" time="0.1"><error>GOAWAY Frame
Timeout</error></testcase>
    <testcase package="http2/6.9" classname="two" time="0.1"><skipped></skipped></testcase>
    <testcase package="http2/6.9" classname="three" time="0.1"></testcase>
  </testsuite>
</testsuites>`
	cases, err := readH2spec([]byte(report))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cases {
		got = append(got, c.id+"="+c.wrong())
	}
	want := []string{"generic/1/1=", "http2/6.9/1=failed: GOAWAY Frame Timeout", "http2/6.9/2=skipped", "http2/6.9/3="}
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if _, err := readH2spec([]byte("<testsuites>")); err == nil {
		t.Error("half a report was read")
	}
}

func TestChoose(t *testing.T) {
	all, err := choose("")
	if err != nil || len(all) != len(suites()) {
		t.Errorf("all suites are %d, %v", len(all), err)
	}
	two, err := choose("h2spec,connect-server")
	if err != nil || len(two) != 2 || two[0].name != "connect-server" {
		t.Errorf("chose %v, %v", two, err)
	}
	if _, err := choose("h2spec,http3"); err == nil || !strings.Contains(err.Error(), "connect-client") {
		t.Errorf("an unknown suite: %v", err)
	}
}

func TestRunAll(t *testing.T) {
	passes := func(context.Context, *bench) (result, error) { return result{total: 2, passed: 2}, nil }
	for name, test := range map[string]struct {
		run    func(context.Context, *bench) (result, error)
		status int
		says   string
	}{
		"passed":   {passes, 0, "2 passed"},
		"failed":   {func(context.Context, *bench) (result, error) { return result{2, 1, []string{"a case"}, nil}, nil }, 1, "FAILED a case"},
		"unclear":  {func(context.Context, *bench) (result, error) { return result{total: 2, passed: 1}, nil }, 1, "1 passed"},
		"no cases": {func(context.Context, *bench) (result, error) { return result{}, nil }, 1, "0 cases"},
		"an error": {func(context.Context, *bench) (result, error) { return result{total: 2, passed: 2}, errors.New("oh") }, 1, "oh"},
	} {
		var out strings.Builder
		if status := runAll(t.Context(), &bench{stdout: &out}, []suite{{name, test.run}, {"next", passes}}); status != test.status {
			t.Errorf("%s: exit status %d", name, status)
		}
		if !strings.Contains(out.String(), test.says) || !strings.Contains(out.String(), "== next") {
			t.Errorf("%s: printed\n%s", name, &out)
		}
	}
}
