// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package figure

import (
	"math"
	"strings"
	"testing"
)

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		value float64
		bound Bound
		want  string
	}{
		{1, Bound{}, Shown},
		{1, AtMost(1), Met},
		{1.01, AtMost(1), Missed},
		{90, AtLeast(90), Met},
		{89.9, AtLeast(90), Missed},
		{math.NaN(), AtMost(1), Missed},
		{math.NaN(), AtLeast(1), Missed},
	} {
		if got := New("s", "n", c.value, "", c.bound, 1).Verdict; got != c.want {
			t.Errorf("%v beside %v is %s, not %s", c.value, c.bound, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0, "calls", "0 calls"}, {100000, "", "100000"}, {1.23456, "ms", "1.235 ms"}, {123.456, "ms", "123.5 ms"}, {99.96, "%", "99.96 %"},
	} {
		if got := number(c.value, c.unit); got != c.want {
			t.Errorf("%v %s is written %q, not %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, []Figure{New("kill", "failed", 0, "calls", AtMost(0), 7), New("kill", "p99", 2, "ms", Bound{}, 7)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verdict": "met"`, `"seed": 7`, `"kind": "<="`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s misses %s", b.String(), want)
		}
	}
	if strings.Count(b.String(), `"bound"`) != 1 {
		t.Errorf("a figure without a bound has one: %s", b.String())
	}
}
