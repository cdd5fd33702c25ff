// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/cmd/curlew/internal/benchcmd/load"
)

func TestParseRamp(t *testing.T) {
	for text, want := range map[string]string{
		"100:10000:30s":         "100/s to 10000/s in 30s",
		"500:10s":               "500/s for 10s",
		"500:10s, 1000:500:1m":  "500/s for 10s, 1000/s to 500/s in 1m0s",
		"0:10:1m":               "0/s to 10/s in 1m0s",
		"0.5:1m,10:0:1s,5:1.5s": "0.5/s for 1m0s, 10/s to 0/s in 1s, 5/s for 1.5s",
	} {
		s, err := load.ParseRamp(text)
		if err != nil || s.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, s, err, want)
		}
	}
	for text, want := range map[string]string{
		"":             "neither",
		"100":          "neither",
		"1:2:3:4":      "neither",
		"x:10s":        `"x" is no rate`,
		"-1:10s":       `"-1" is no rate`,
		"NaN:10s":      `"NaN" is no rate`,
		"Inf:10s":      `"Inf" is no rate`,
		"1e9:10s":      `"1e9" is no rate`,
		"1:2:forever":  `"forever" is no duration`,
		"1:-10s":       `"-10s" is no duration`,
		"0:10s":        "no calls in it",
		"0.1:1s,0:10s": "no calls in it",
	} {
		if s, err := load.ParseRamp(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", text, s, err, want)
		}
	}
}

// TestScheduleTurnedRound holds that when a call is due, as many are as its
// number says.
func TestScheduleTurnedRound(t *testing.T) {
	for _, text := range []string{"100:10s", "100:1000:10s", "1000:0:10s", "0:1000:10s", "50:3s,50:500:4s,0:2s,500:10:3s"} {
		s, err := load.ParseRamp(text)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		n := int64(0)
		for ; ; n++ {
			at, ok := s.At(n)
			if !ok {
				break
			}
			if at < last {
				t.Fatalf("%s: call %d is due at %v, before the one before it at %v", text, n, at, last)
			}
			last = at
			if due := s.Due(at); math.Abs(due-float64(n)) > 0.01 {
				t.Fatalf("%s: call %d is due at %v, when %.3f are", text, n, at, due)
			}
		}
		if total := s.Due(s.Length()); math.Abs(total-float64(n)) > 1 {
			t.Errorf("%s: there are %d calls, and %.3f are due", text, n, total)
		}
	}
}

func TestScheduleRate(t *testing.T) {
	s, err := load.ParseRamp("100:200:10s,50:5s")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]float64{0: 100, 5 * time.Second: 150, 12 * time.Second: 50, time.Minute: 50} {
		if got := s.Rate(at); got != want {
			t.Errorf("at %v the rate is %g, want %g", at, got, want)
		}
	}
}

func TestConstant(t *testing.T) {
	for _, c := range []struct {
		rate     float64
		duration time.Duration
		requests int64
		calls    int64
	}{
		{100, 10 * time.Second, 0, 1000},
		{100, 10 * time.Second, 50, 50},
		{100, 10 * time.Second, 5000, 1000},
		{3, 0, 10, 10},
		{1e6, 0, 1, 1},
	} {
		s, err := load.Constant(c.rate, c.duration, c.requests)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, ok := s.At(c.calls - 1); !ok {
			t.Errorf("%+v: there are fewer calls", c)
		}
		if _, ok := s.At(c.calls); ok {
			t.Errorf("%+v: there are more calls", c)
		}
	}
	for _, rate := range []float64{0, -1, 1e9, math.NaN(), math.Inf(1), 0.01} {
		if s, err := load.Constant(rate, time.Second, 0); err == nil {
			t.Errorf("a rate of %g gives %v", rate, s)
		}
	}
	if s, err := load.Constant(1e-9, 0, math.MaxInt64); err == nil {
		t.Errorf("calls for centuries give %v", s)
	}
}
