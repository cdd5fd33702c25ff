// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
	"github.com/curlewrpc/curlew/internal/chaos/load"
	"github.com/curlewrpc/curlew/resilience"
)

// What a scenario has started ends with it, however it does, and the last first.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		run     func(*env)
		failed  bool
		skipped string
		figures int
		print   string
	}{
		{"well", func(e *env) { e.figure("x", 1, "", figure.AtMost(0)) }, false, "", 1, "missed"},
		{"fatally", func(e *env) { e.Fatalf("no %s", "luck") }, true, "", 0, "FAILED: no luck"},
		{"with a panic", func(*env) { panic("oops") }, true, "", 0, "oops"},
		{"not run", func(e *env) { e.Skipf("there is no %s", "nft") }, false, "there is no nft", 0, "not run: there is no nft"},
		{"with an error", func(e *env) { e.Error("bad"); e.figure("x", 1, "", figure.Bound{}) }, true, "", 1, "FAILED: bad"},
		{"fatally in its end", func(e *env) { e.Cleanup(func() { e.Fatal("stuck") }) }, true, "", 0, "stuck"},
	} {
		var out strings.Builder
		var ended []int
		r := Run(t.Context(), Scenario{Name: c.name, run: func(e *env) {
			e.Cleanup(func() { ended = append(ended, 1) })
			e.Cleanup(func() { ended = append(ended, 2) })
			if dir := e.TempDir(); dir == e.TempDir() {
				t.Error("two folders are one")
			}
			c.run(e)
		}}, Options{Out: &out})
		if r.Failed != c.failed || r.Skipped != c.skipped || len(r.Figures) != c.figures {
			t.Errorf("%s: %+v", c.name, r)
		}
		if !strings.Contains(out.String(), c.print) {
			t.Errorf("%s: printed %q", c.name, out.String())
		}
		if len(ended) != 2 || ended[0] != 2 {
			t.Errorf("%s: ended %v", c.name, ended)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := Run(ctx, Scenario{run: func(e *env) { e.wait(time.Hour) }}, Options{Out: new(strings.Builder)})
	if !r.Failed {
		t.Error("a scenario that was interrupted has not failed")
	}
}

func TestNames(t *testing.T) {
	known := make(map[string]bool)
	for _, s := range All() {
		if known[s.Name] || s.Title == "" || s.run == nil {
			t.Errorf("the scenario %q is there twice or not whole", s.Name)
		}
		known[s.Name] = true
	}
}

func TestBenchmarked(t *testing.T) {
	const out = `goos: linux
BenchmarkStack/bare         	 2194734	       542.1 ns/op	     480 B/op	       2 allocs/op
BenchmarkStack/full-2       	  894734	      1142 ns/op	     480 B/op	       3 allocs/op
BenchmarkStack/fuller       	  894734	      9999 ns/op	     480 B/op	       9 allocs/op
PASS
`
	for part, want := range map[string]cost{"bare": {542.1, 2}, "full": {1142, 3}} {
		if got := benchmarked(out, part); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", part, got)
		}
	}
	if got := benchmarked("FAIL", "bare"); got != nil {
		t.Errorf("nothing gives %v", got)
	}
}

// stale is a picker that knows only the first nodes that it was told.
type stale struct {
	once  sync.Once
	nodes []balance.Node
	turn  int
}

func (s *stale) Update(nodes []balance.Node) { s.once.Do(func() { s.nodes = nodes }) }

func (s *stale) Pick(context.Context, balance.Info) (balance.Pick, error) {
	s.turn++
	if s.turn%10 == 0 {
		return balance.Pick{}, balance.ErrNotReady
	}
	return balance.Pick{Node: s.nodes[s.turn%len(s.nodes)]}, nil
}

// The count of wrong picks sees a picker that does not take updates, and finds
// no fault with one that does.
func TestWrongPicks(t *testing.T) {
	for name, c := range map[string]struct {
		picker balance.Picker
		wrong  bool
	}{"stale": {new(stale), true}, "round_robin": {new(balance.RoundRobin), false}, "default": {balance.Default(), false}} {
		u := newUpdates(50, 5, 1)
		c.picker.Update(u.nodes)
		for range 20 {
			u.next(c.picker)
		}
		seen, rounds := pickFor(c.picker, u, 5*time.Millisecond)
		if seen.picks == 0 || len(rounds) == 0 {
			t.Fatalf("%s: there were no picks", name)
		}
		if (seen.wrong > 0) != c.wrong || (seen.none > 0) != c.wrong {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

// journalOf makes calls, each of which takes 10 ms and fails if fails says so.
func journalOf(t *testing.T, stages []load.Stage, fails func(now time.Duration) bool) *load.Journal {
	journal := load.NewJournal()
	run := load.Start(t.Context(), journal, doing(stages, func() error {
		if fails(journal.Now()) {
			return errors.New("no")
		}
		<-time.After(10 * time.Millisecond)
		return nil
	}))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return journal
}

func doing(stages []load.Stage, f func() error) load.Plan {
	return load.Plan{Stages: stages, Seed: 1, Timeout: time.Second, Do: func(context.Context, bool, resilience.Priority) error { return f() }}
}

// Recovery is the end of the last bad quarter of a second.
func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journalOf(t, []load.Stage{{Rate: 1000, For: 4 * time.Second}}, func(now time.Duration) bool {
			return now > 2*time.Second && now < 2600*time.Millisecond
		})
		for _, c := range []struct{ from, tail, want time.Duration }{
			{2 * time.Second, 10 * time.Millisecond, 750 * time.Millisecond},
			{3 * time.Second, 10 * time.Millisecond, 0},
			{3 * time.Second, 9 * time.Millisecond, time.Second}, // too slow to the end
		} {
			if got := recovery(j, c.from, 4*time.Second, c.tail); got != c.want {
				t.Errorf("from %v, with a tail of %v: %v", c.from, c.tail, got)
			}
		}
	})
}

func TestPeak(t *testing.T) {
	begin := time.Now()
	at := func(ms, n int) sample { return sample{begin.Add(time.Duration(ms) * time.Millisecond), n} }
	for _, c := range []struct {
		samples []sample
		want    int
	}{
		{[]sample{at(0, 40), at(200, 100)}, 60},
		{[]sample{at(0, 10), at(50, 20), at(90, 30), at(160, 40), at(300, 50)}, 30},
		{[]sample{at(0, 100)}, 100},
		{nil, 0},
	} {
		if got := peak(c.samples, 100*time.Millisecond); got != c.want {
			t.Errorf("%v: %d, not %d", c.samples, got, c.want)
		}
	}
}
