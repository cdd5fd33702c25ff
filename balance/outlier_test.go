// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
)

// patient lets a test make attempts at an Outlier's nodes in virtual time.
type patient struct {
	t    *testing.T
	o    *Outlier
	list []*fake
	now  time.Time
}

func observe(t *testing.T, o *Outlier, n int) *patient {
	if o.Picker == nil {
		o.Picker = &RoundRobin{Seed: 1}
	}
	p := &patient{t, o, fakes(n), start}
	o.Update(nodesOf(p.list))
	mustPick(t, o, Info{Now: start})
	return p
}

// call makes an attempt at a node by its number, if the picker lets it.
func (p *patient) call(node int, err error, took time.Duration) bool {
	p.t.Helper()
	for range 3 * len(p.list) {
		pick := mustPick(p.t, p.o, Info{Now: p.now})
		if pick.Node == p.list[node] {
			done(pick, Result{Err: err, Duration: took, Now: p.now})
			return true
		}
		done(pick, Result{})
	}
	return false
}

func (p *patient) fail(node, times int) {
	p.t.Helper()
	for range times {
		p.call(node, broken, 0)
	}
}

// out reports whether a node is ejected.
func (p *patient) out(node int) bool {
	p.t.Helper()
	counts := make(map[Node]int)
	for range 4 * len(p.list) {
		pick := mustPick(p.t, p.o, Info{Now: p.now})
		counts[pick.Node]++
	}
	return counts[p.list[node]] == 0
}

func (p *patient) want(what string, node int, out bool) {
	p.t.Helper()
	if got := p.out(node); got != out {
		p.t.Errorf("%s: node %d is ejected: %v, want %v", what, node, got, out)
	}
}

func TestFailuresInARowEject(t *testing.T) {
	p := observe(t, new(Outlier), 4)
	p.fail(0, 4)
	p.want("four failures", 0, false)
	p.call(0, nil, 0)
	p.fail(0, 4)
	p.want("four more after a success", 0, false)
	p.fail(0, 1)
	p.want("five in a row", 0, true)
	p.want("another node", 1, false)
	p.now = p.now.Add(9 * time.Second)
	p.want("after 9 s", 0, true)
	p.now = p.now.Add(time.Second)
	p.want("after 10 s", 0, false)
}

func TestProbation(t *testing.T) {
	p := observe(t, new(Outlier), 4)
	p.fail(0, 5)
	p.now = p.now.Add(10 * time.Second)
	p.want("returned", 0, false)
	p.fail(0, 1)
	p.want("one failure", 0, true)
	p.now = p.now.Add(10 * time.Second)
	p.want("10 s later: it is out for 20 s", 0, true)
	p.now = p.now.Add(10 * time.Second)
	p.want("20 s later", 0, false)
	p.call(0, nil, 0)
	p.fail(0, 4)
	p.want("four failures after a success", 0, false)
}

func TestEjectionsGrowAndShrink(t *testing.T) {
	p := observe(t, &Outlier{MaxEjection: 25 * time.Second}, 4)
	// how long the node is out now
	eject := func() (span time.Duration) {
		p.t.Helper()
		p.fail(0, 5)
		if !p.out(0) {
			t.Fatal("not ejected")
		}
		for p.out(0) {
			p.now = p.now.Add(time.Second)
			span += time.Second
		}
		return span
	}
	for _, want := range []time.Duration{10, 20, 25, 25} {
		if got := eject(); got != want*time.Second {
			t.Errorf("out for %v, want %v s", got, want)
		}
	}
	for range 8 {
		p.now = p.now.Add(10 * time.Second)
		p.call(0, nil, 0)
	}
	if got := eject(); got != 10*time.Second {
		t.Errorf("out for %v after a good time, want 10 s", got)
	}
}

func TestAnswersDoNotEject(t *testing.T) {
	for code := curlew.Canceled; code <= curlew.Unauthenticated; code++ {
		answer := curlew.NewError(code, "x").WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
		p := observe(t, new(Outlier), 4)
		for range 20 {
			p.call(0, answer, 0)
		}
		counts := code == curlew.Unavailable || code == curlew.DeadlineExceeded || code == curlew.Internal || code == curlew.DataLoss
		p.want(code.String(), 0, counts)
	}
	for name, test := range map[string]struct {
		err error
		out bool
	}{
		"a broken connection":       {curlew.NewError(curlew.Unknown, "x").WithOrigin(curlew.OriginTransport), true},
		"a drained connection":      {broken.WithProgress(curlew.Refused), false},
		"not sent":                  {broken.WithProgress(curlew.NotSent), false},
		"overload":                  {curlew.NewError(curlew.ResourceExhausted, "x").WithProgress(curlew.Refused), false},
		"the caller's deadline":     {context.DeadlineExceeded, true},
		"the caller's cancellation": {context.Canceled, false},
	} {
		p := observe(t, new(Outlier), 4)
		for range 20 {
			p.call(0, test.err, 0)
		}
		p.want(name, 0, test.out)
	}
}

func TestAbandonedPicksDoNotCount(t *testing.T) {
	p := observe(t, new(Outlier), 2)
	for range 40 {
		done(mustPick(t, p.o, Info{Now: p.now}), Result{Err: broken})
	}
	p.want("without a time", 0, false)
	p.want("without a time", 1, false)
}

// max_fails=3 fail_timeout=30s
func TestMaxFails(t *testing.T) {
	p := observe(t, &Outlier{MaxFails: 3, FailTimeout: 30 * time.Second}, 4)
	p.fail(0, 2)
	p.call(0, nil, 0)
	p.now = p.now.Add(29 * time.Second)
	p.want("two failures", 0, false)
	p.fail(0, 1)
	p.want("three within 30 s, with a success between", 0, true)
	p.now = p.now.Add(30 * time.Second)
	p.want("30 s later", 0, false)
	p.fail(0, 1)
	p.want("one more", 0, true)
	p.now = p.now.Add(30 * time.Second)
	p.want("out for 30 s again", 0, false)

	p = observe(t, &Outlier{MaxFails: 3}, 4)
	for _, wait := range []time.Duration{5, 4, 5} { // the window begins with the first failure
		p.now = p.now.Add(wait * time.Second)
		p.fail(1, 1)
	}
	p.want("three within 9 s", 1, true)

	p = observe(t, &Outlier{MaxFails: 3, FailTimeout: 30 * time.Second}, 4)
	for range 10 { // two failures in any 30 s
		p.fail(1, 1)
		p.now = p.now.Add(16 * time.Second)
		p.want("failures far between", 1, false)
	}
}

func TestSuccessRate(t *testing.T) {
	p := observe(t, &Outlier{Failures: -1}, 6)
	interval := func(rates ...int) { // of a hundred
		for i := range 100 {
			for node, rate := range rates {
				var err error
				if i%100 >= rate {
					err = broken
				}
				p.call(node, err, 0)
			}
		}
		p.now = p.now.Add(10 * time.Second)
	}
	interval(100, 100, 100, 100, 100, 97)
	for i := range 6 {
		p.want("all are nearly equal", i, false)
	}
	interval(50, 99, 98, 99, 100, 97)
	p.want("half of the calls fail", 0, true)
	p.want("few of the calls fail", 5, false)
}

func TestTooFewToCompare(t *testing.T) {
	for name, test := range map[string]struct{ servers, calls int }{"servers": {4, 100}, "calls": {6, 19}} {
		p := observe(t, &Outlier{Failures: -1, Latency: 2}, test.servers)
		for range test.calls {
			p.call(0, broken, 0)
			for node := 1; node < test.servers; node++ {
				p.call(node, nil, time.Millisecond)
			}
		}
		p.now = p.now.Add(10 * time.Second)
		p.want("too few "+name, 0, false)
	}
}

func TestLatencyEjects(t *testing.T) {
	for factor, out := range map[float64]bool{0: false, 3: true, 30: false} {
		p := observe(t, &Outlier{Latency: factor}, 6)
		for range 30 {
			for node := range 6 {
				took := 10 * time.Millisecond
				if node == 2 {
					took = 200 * time.Millisecond
				}
				p.call(node, nil, took)
			}
		}
		p.now = p.now.Add(10 * time.Second)
		p.want("20 times slower", 2, out)
		p.want("as the others", 3, false)
	}
}

// Half may be out; if more are bad, all are used.
func TestNotAllAreEjected(t *testing.T) {
	for servers, most := range map[int]int{1: 0, 2: 1, 3: 1, 5: 2, 10: 5} {
		p := observe(t, new(Outlier), servers)
		for node := range servers {
			p.fail(node, 5)
			out := 0
			for i := range servers {
				if p.out(i) {
					out++
				}
			}
			want := node + 1
			if want > most {
				want = 0
			}
			if out != want {
				t.Errorf("%d of %d bad servers are out, want %d", out, servers, want)
			}
			if want == 0 {
				break
			}
		}
	}
}

func TestEjectionEndsWhenTheOthersFail(t *testing.T) {
	p := observe(t, new(Outlier), 4)
	p.fail(0, 5)
	p.want("five failures", 0, true)
	for _, f := range p.list[1:] {
		f.set(Failing)
	}
	var callers sync.WaitGroup
	for range 20 { // no caller is told to wait for a change
		callers.Go(func() {
			if pick, err := p.o.Pick(context.Background(), Info{Now: p.now}); err != nil || pick.Node != p.list[0] {
				t.Errorf("got %v, %v", pick.Node, err)
			}
		})
	}
	callers.Wait()
}

func TestEjectedNodesThatGo(t *testing.T) {
	p := observe(t, &Outlier{MaxEjected: 0.3}, 4)
	p.fail(0, 5)
	p.o.Update(nodesOf(p.list[1:]))
	if n := p.o.out.Load(); n != 0 {
		t.Errorf("%d are out", n)
	}
	p.o.Update(nodesOf(p.list))
	p.want("a node that is new again", 0, false)
}

// What comes in late for a node that has gone ejects nobody.
func TestLateFailures(t *testing.T) {
	p := observe(t, new(Outlier), 2)
	var late []Pick
	for range 20 {
		late = append(late, mustPick(t, p.o, Info{Now: p.now}))
	}
	p.o.Update(nodesOf(p.list[:1]))
	for _, pick := range late {
		if pick.Node == p.list[1] {
			done(pick, Result{Now: p.now, Err: broken})
		}
	}
	if n := p.o.out.Load(); n != 0 {
		t.Errorf("%d are out", n)
	}
}

func TestEjectionSurvivesUpdates(t *testing.T) {
	p := observe(t, new(Outlier), 4)
	p.fail(2, 5)
	p.o.Update(append([]Node{newFake(*p.list[0].Endpoint())}, nodesOf(p.list[1:])...))
	p.want("after an update", 2, true)
}

// A picker of one's own works within an Outlier, and its feedback is told once.
func TestForeignPickerWithin(t *testing.T) {
	own := new(ownPicker)
	o := &Outlier{Picker: own, Failures: 1}
	list := fakes(2)
	o.Update(nodesOf(list))
	pick := mustPick(t, o, Info{Now: start, Tried: []Node{list[0]}})
	if pick.Node != list[1] {
		t.Error("the picker within does not see what was tried")
	}
	pick.Feedback.Done(Result{Now: start, Err: broken})
	if len(own.heard) != 1 || own.heard[0] != broken {
		t.Errorf("heard %v", own.heard)
	}
	if pick := mustPick(t, o, Info{Now: start}); pick.Node != list[0] {
		t.Error("the ejected node")
	}
}

type ownPicker struct {
	nodes []Node
	heard []error
}

// told is not comparable.
type told func(Result)

func (f told) Done(r Result) { f(r) }

func (p *ownPicker) Update(nodes []Node) { p.nodes = nodes }

func (p *ownPicker) Pick(_ context.Context, info Info) (Pick, error) {
	for _, n := range p.nodes {
		if n.State() == Ready && !info.WasTried(n) {
			return Pick{n, told(func(r Result) { p.heard = append(p.heard, r.Err) })}, nil
		}
	}
	return Pick{}, ErrNotReady
}
