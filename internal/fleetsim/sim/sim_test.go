// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/curlewrpc/curlew/balance"
)

func TestQueue(t *testing.T) {
	var q queue
	random := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		q.add(event{at: time.Duration(random.IntN(50))})
	}
	var last event
	for range 1000 {
		e := q.take()
		if e.before(&last) {
			t.Fatalf("%v (%d) comes after %v (%d)", e.at, e.seq, last.at, last.seq)
		}
		last = e
	}
	if _, ok := q.next(); ok {
		t.Error("the queue is not empty")
	}
}

func TestWork(t *testing.T) {
	for name, draw := range map[string]func(*rand.Rand) float64{
		"exponential": Exponential(0.02),
		"lognormal":   Lognormal(0.02, 1),
		"bimodal":     Bimodal(0.02, 0.05, 20),
	} {
		random, sum := rand.New(rand.NewPCG(1, 1)), 0.0
		const n = 200_000
		for range n {
			sum += draw(random)
		}
		if got := sum / n; math.Abs(got-0.02) > 0.0005 {
			t.Errorf("%s: the mean is %v, want 0.02", name, got)
		}
	}
}

// one is a fleet of one server with one slot: an M/M/1 queue.
func one() Config {
	return Config{Servers: 1, Slots: 1, Clients: 3, Load: 0.5, Work: Exponential(0.01), Mean: 0.01,
		Timeout: 10 * time.Second, From: 10 * time.Second, Length: 2000 * time.Second, Seed: 1}
}

func random(c Client) balance.Picker { return &balance.Random{Seed: c.Seed} }

// TestQueueingTheory compares with what is known of M/M/1: times in the system
// are exponential, of the mean work over the part of the capacity that is free.
func TestQueueingTheory(t *testing.T) {
	o := Run(one(), random)
	mean := 10 / (1 - 0.5)
	for _, each := range []struct{ got, q float64 }{{o.P50, 0.5}, {o.P99, 0.99}} {
		want := -mean * math.Log(1-each.q)
		if math.Abs(each.got-want) > 0.07*want {
			t.Errorf("the quantile %v is %.1f ms, want %.1f", each.q, each.got, want)
		}
	}
	if want := 0.5 / 0.01 * 1990; math.Abs(float64(o.Calls)-want) > 0.02*want {
		t.Errorf("%d calls, want about %v", o.Calls, want)
	}
	if o.Errors != 0 || o.Imbalance != 1 {
		t.Errorf("errors %v and an imbalance of %v, want 0 and 1", o.Errors, o.Imbalance)
	}
}

// TestSplitting compares with random splitting: k servers that are picked by chance
// are k queues of their own.
func TestSplitting(t *testing.T) {
	config := one()
	config.Servers, config.Length = 8, 300*time.Second
	alone, many := Run(one(), random), Run(config, random)
	if math.Abs(alone.P99-many.P99) > 0.1*alone.P99 {
		t.Errorf("the p99 of 8 servers is %v, of one %v", many.P99, alone.P99)
	}
}

func TestSameSeedSameRun(t *testing.T) {
	config := one()
	config.Servers, config.Length, config.Keys = 10, 30*time.Second, 100
	config.Setup = func(f *Fleet) {
		f.At(12*time.Second, func() { f.Servers[0].Failing = 0.5 })
		f.At(15*time.Second, func() { f.Kill(f.Servers[1]); f.Tell(1, false, time.Second) })
	}
	pick := func(c Client) balance.Picker { return &balance.Outlier{Picker: &balance.PeakEWMA{Seed: c.Seed}} }
	outcome := func() Outcome {
		o := *Run(config, pick)
		o.config = Config{} // has functions
		return o
	}
	first := outcome()
	if again := outcome(); !reflect.DeepEqual(first, again) {
		t.Error("a run with the same seed differs")
	}
	config.Seed++
	if other := outcome(); reflect.DeepEqual(first, other) {
		t.Error("a run with another seed is the same")
	}
}

// recorder is a picker that always picks the first node and keeps what it hears.
type recorder struct {
	nodes   []balance.Node
	results []balance.Result
}

func (r *recorder) Update(nodes []balance.Node) { r.nodes = slices.Clone(nodes) }

func (r *recorder) Pick(context.Context, balance.Info) (balance.Pick, error) {
	if len(r.nodes) == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	return balance.Pick{Node: r.nodes[0], Feedback: r}, nil
}

func (r *recorder) Done(result balance.Result) { r.results = append(r.results, result) }

// TestFaults looks at what a picker hears of servers that are not well.
func TestFaults(t *testing.T) {
	for name, test := range map[string]struct {
		setup  func(*Fleet)
		errors func(float64) bool
		took   time.Duration // of each failure
	}{
		"well":    {func(*Fleet) {}, func(e float64) bool { return e == 0 }, 0},
		"failing": {func(f *Fleet) { f.Servers[0].Failing = 1 }, func(e float64) bool { return e == 1 }, 3 * time.Millisecond},
		"some":    {func(f *Fleet) { f.Servers[0].Failing = 0.3 }, func(e float64) bool { return math.Abs(e-0.3) < 0.05 }, 3 * time.Millisecond},
		"hanging": {func(f *Fleet) { f.Servers[0].Hanging = true }, func(e float64) bool { return e == 1 }, 10 * time.Second},
		"refusing": {func(f *Fleet) { f.Servers[0].Limit = 1; f.At(0, func() { f.SetLoad(3) }) },
			func(e float64) bool { return e > 0.6 && e < 0.75 }, 2 * time.Millisecond},
		"killed": {func(f *Fleet) { f.Kill(f.Servers[0]) }, func(e float64) bool { return e == 1 }, 2 * time.Millisecond},
		"gone":   {func(f *Fleet) { f.Tell(0, false, 0) }, func(e float64) bool { return e == 1 }, 0},
	} {
		config := one()
		config.From, config.Length, config.Clients, config.Near, config.Setup = 0, 100*time.Second, 1, 2*time.Millisecond, test.setup
		var r recorder
		o := Run(config, func(Client) balance.Picker { return &r })
		if !test.errors(o.Errors) {
			t.Errorf("%s: %v of the calls failed", name, o.Errors)
		}
		if name != "gone" && len(r.results) != o.Calls {
			t.Errorf("%s: the picker heard of %d calls of %d", name, len(r.results), o.Calls)
		}
		for _, result := range r.results {
			if result.Err != nil && result.Duration != test.took {
				t.Errorf("%s: a failure took %v, want %v", name, result.Duration, test.took)
				break
			}
		}
	}
}

// TestReports looks at what servers say of themselves.
func TestReports(t *testing.T) {
	config := one()
	config.Length, config.Clients = 200*time.Second, 1
	var r recorder
	Run(config, func(Client) balance.Picker { return &r })
	sum, n := 0.0, 0
	for _, result := range r.results {
		if result.Load != nil {
			sum, n = sum+result.Load.CPU, n+1
		}
	}
	if got := sum / float64(n); n < len(r.results)/2 || math.Abs(got-0.5) > 0.05 {
		t.Errorf("%d of %d replies say %v on the mean, want 0.5", n, len(r.results), got)
	}
}

func TestColdServersAreSlower(t *testing.T) {
	s := Server{Speed: 1, ColdFor: 10 * time.Second, began: 5 * time.Second}
	for at, want := range map[time.Duration]float64{5 * time.Second: 0.2, 10 * time.Second: 0.6, 15 * time.Second: 1, time.Minute: 1} {
		if got := s.speed(at); math.Abs(got-want) > 1e-9 {
			t.Errorf("the speed at %v is %v, want %v", at, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		values []float32
		q      float64
		want   float64
	}{{nil, 0.5, 0}, {[]float32{3}, 0.99, 3}, {[]float32{1, 2, 3, 4}, 0.5, 2}, {[]float32{1, 2, 3, 4}, 0.99, 4}} {
		if got := quantile(test.values, test.q); got != test.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.values, test.q, got, test.want)
		}
	}
}
