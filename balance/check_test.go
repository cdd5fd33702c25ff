// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
)

func TestWrongFields(t *testing.T) {
	for _, test := range []struct {
		p    Picker
		text string
	}{
		{&PeakEWMA{Decay: -1}, "PeakEWMA.Decay is -1ns"},
		{&RingHash{}, "RingHash has no Key"},
		{&RingHash{Key: userKey, Points: -1}, "RingHash.Points is -1"},
		{&RingHash{Key: userKey, LoadFactor: 1}, "RingHash.LoadFactor is 1"},
		{&Maglev{}, "Maglev has no Key"},
		{&Maglev{Key: userKey, LoadFactor: math.NaN()}, "Maglev.LoadFactor is NaN"},
		{&Maglev{Key: userKey, Size: 65536}, "Maglev.Size 65536 is no prime"},
		{&Maglev{Key: userKey, Size: -7}, "Maglev.Size is -7"},
		{&Outlier{MaxEjected: 2}, "Outlier.MaxEjected is 2"},
		{&Outlier{MaxFails: 1, Failures: 1}, "set one of them"},
		{&Outlier{FailTimeout: time.Second}, "of no use without MaxFails"},
		{&Outlier{Ejection: time.Hour}, "MaxEjection 5m0s is below Ejection 1h0m0s"},
		{&Outlier{Interval: -1, Latency: -1}, "Outlier.Latency is -1"},
		{&Zone{}, "Zone.Local is empty"},
		{&Zone{Local: "a", Clients: map[string]float64{"b": 1}}, `no part for the local zone "a"`},
		{&Zone{Local: "a", Clients: map[string]float64{"a": 1, "b": -1}}, `Zone.Clients["b"] is -1`},
		{&Subset{}, "Name or Number"},
		{&Subset{Name: "x", Size: -1}, "Subset.Size is -1"},
		{&Subset{Number: -1}, "Subset.Number is -1"},
		{&SlowStart{Window: -1}, "SlowStart.Window is -1ns"},
		{&SlowStart{Least: 1.5}, "SlowStart.Least is 1.5"},
		{&SlowStart{Aggression: -1}, "SlowStart.Aggression is -1"},
		{&Outlier{Picker: &Zone{}}, "Zone.Local is empty"},
	} {
		test.p.Update(nodesOf(fakes(3)))
		_, err := test.p.Pick(context.Background(), Info{Now: start})
		if err == nil || !strings.Contains(err.Error(), test.text) || curlew.ErrorOf(err).Progress() != curlew.NotSent {
			t.Errorf("%T: got error %v, want one with %q", test.p, err, test.text)
		}
	}
}
