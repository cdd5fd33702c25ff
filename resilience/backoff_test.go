// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"testing"
	"time"
)

const almostOne = 0.999999999

func TestDelays(t *testing.T) {
	for _, test := range []struct {
		name string
		b    Backoff
		want []time.Duration // the longest waits after 1, 2 … failures
	}{
		{"defaults", Backoff{}, []time.Duration{20e6, 20e6, 200e6, 400e6, 800e6, 1600e6, 3200e6, 6400e6, 12800e6, 15000e6, 15000e6}},
		{"none fast", Backoff{Fast: -1}, []time.Duration{200e6, 400e6}},
		{"all set", Backoff{Fast: 1, FastDelay: 1e6, Base: 10e6, Factor: 3, Max: 50e6}, []time.Duration{1e6, 10e6, 30e6, 50e6, 50e6}},
	} {
		for i, want := range test.want {
			if got := test.b.Delay(i+1, almostOne); got > want || got < want-want/1000 {
				t.Errorf("%s: after %d failures: longest wait %v, want %v", test.name, i+1, got, want)
			}
			if got := test.b.Delay(i+1, 0.5); got > want/2+1 || got < want/2-1 {
				t.Errorf("%s: after %d failures: middle wait %v, want %v", test.name, i+1, got, want/2)
			}
			if got := test.b.Delay(i+1, 0); got != 0 {
				t.Errorf("%s: after %d failures: shortest wait %v, want 0", test.name, i+1, got)
			}
		}
	}
}

func TestDelayAfterManyFailures(t *testing.T) {
	for _, failures := range []int{100, 10_000, 1 << 40} {
		if got := (Backoff{}).Delay(failures, almostOne); got <= 14*time.Second || got > 15*time.Second {
			t.Errorf("after %d failures: %v", failures, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, b := range []Backoff{{FastDelay: -1}, {Base: -1}, {Max: -1}, {Factor: 0.5}, {Factor: -2}, {Factor: 1e6}, {Base: time.Hour}, {Base: 2, Max: 1}} {
		if b.Check() == nil {
			t.Errorf("%+v is taken", b)
		}
	}
	for _, b := range []Backoff{{}, {Fast: -1}, {Base: time.Hour, Max: time.Hour}, {Factor: 1}} {
		if err := b.Check(); err != nil {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
