// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/curlewrpc/curlew"
)

func TestShares(t *testing.T) {
	for _, weights := range [][]int{{1}, {1, 1}, {1, 1, 1, 1, 1}, {3, 1}, {1, 2, 3, 4}, {100, 1, 1}, {0, 7, 1, 1, 1, 1, 50}, {math.MaxInt, math.MaxInt, math.MaxInt / 2}} {
		list := fakes(len(weights), weights...)
		equal, shares := make([]float64, len(weights)), make([]float64, len(weights))
		for i, w := range weights {
			equal[i], shares[i] = 1, float64(max(w, 1))
		}
		for name, test := range map[string]struct {
			p      Picker
			shares []float64
		}{
			"RoundRobin":         {new(RoundRobin), equal},
			"Random":             {&Random{Seed: 1}, shares},
			"LeastRequest":       {&LeastRequest{Seed: 1}, shares},
			"WeightedRoundRobin": {&WeightedRoundRobin{Seed: 1}, shares},
		} {
			test.p.Update(nodesOf(list))
			t.Run(name, func(t *testing.T) { checkShares(t, tally(t, test.p, 20_000), list, test.shares) })
		}
	}
}

func TestRoundRobinGoesRound(t *testing.T) {
	p := new(RoundRobin)
	list := fakes(7)
	p.Update(nodesOf(list))
	first := slices.Index(list, mustPick(t, p, Info{}).Node.(*fake))
	for i := range 50 {
		if pick := mustPick(t, p, Info{}); pick.Node != list[(first+1+i)%7] {
			t.Fatalf("turn %d is not the next node's", i)
		}
	}
}

// The turns of a node that fails go to all others alike.
func TestRoundRobinPassesOver(t *testing.T) {
	p := new(RoundRobin)
	list := fakes(5)
	list[2].set(Failing)
	p.Update(nodesOf(list))
	for _, n := range countsOf(tally(t, p, 4000), list)[3:] {
		if n < 995 || n > 1005 {
			t.Errorf("%d turns, want 1000", n)
		}
	}
}

func TestRoundRobinBeginsAnywhere(t *testing.T) {
	nodes := nodesOf(fakes(4))
	first := make(map[Node]bool)
	for range 200 {
		p := new(RoundRobin)
		p.Update(nodes)
		first[mustPick(t, p, Info{}).Node] = true
	}
	if len(first) != 4 {
		t.Errorf("200 pickers begin with %d of 4 nodes", len(first))
	}
}

// Idle nodes are asked to connect, a few by each pick, and ready ones are taken.
func TestIdleNodesAreAskedToConnect(t *testing.T) {
	for name, p := range map[string]Picker{
		"RoundRobin": &RoundRobin{Seed: 1}, "WeightedRoundRobin": &WeightedRoundRobin{Seed: 1}, "Random": &Random{Seed: 1},
		"LeastRequest": &LeastRequest{Seed: 1}, "PeakEWMA": &PeakEWMA{Seed: 1},
		"RingHash": &RingHash{Key: userKey, Seed: 1}, "Maglev": &Maglev{Key: userKey, Seed: 1},
	} {
		list := fakes(1000)
		for _, f := range list[1:] {
			f.set(Idle)
		}
		p.Update(nodesOf(list))
		asked := func() (n int) {
			for _, f := range list {
				n += int(f.asked.Load())
			}
			return n
		}
		for range 10 {
			before := asked()
			if pick := mustPick(t, p, Info{Now: start}); pick.Node != list[0] {
				t.Errorf("%s: an idle node, though one is ready", name)
			}
			if n := asked() - before; n < 1 || n > maxAsked {
				t.Errorf("%s: one pick has %d nodes connect", name, n)
			}
		}
		if list[0].asked.Load() != 0 {
			t.Errorf("%s: a ready node is asked", name)
		}
	}
}

// Of balls thrown into as many bins, the fullest has about ln n / ln ln n by
// chance and ln ln n / ln 2 by two choices.
func TestTwoChoices(t *testing.T) {
	const n = 10_000
	p := &LeastRequest{Seed: 1}
	nodes := nodesOf(fakes(n))
	p.Update(nodes)
	counts := make(map[Node]int)
	most := 0
	for range n {
		pick := mustPick(t, p, Info{})
		counts[pick.Node]++
		most = max(most, counts[pick.Node])
	}
	if limit := int(math.Log(math.Log(n))/math.Ln2) + 2; most > limit {
		t.Errorf("the fullest of %d nodes has %d attempts, want at most %d", n, most, limit)
	}
	for range 9 * n { // heavily loaded, the distance to the mean stays
		pick := mustPick(t, p, Info{})
		counts[pick.Node]++
		most = max(most, counts[pick.Node])
	}
	if most > 10+5 {
		t.Errorf("the fullest node has %d attempts, the mean is 10", most)
	}
}

func TestLeastRequestByWeight(t *testing.T) {
	p := &LeastRequest{Seed: 1}
	list := fakes(3, 1, 2, 5)
	p.Update(nodesOf(list))
	counts := make(map[Node]int)
	for range 800 { // none is done
		counts[mustPick(t, p, Info{}).Node]++
	}
	for i, want := range []int{100, 200, 500} {
		if got := counts[list[i]]; got < want-5 || got > want+5 {
			t.Errorf("node %d has %d attempts in flight, want %d", i, got, want)
		}
	}
}

// event is the end of an attempt.
type event struct {
	at   time.Duration
	pick Pick
	took time.Duration
	err  error
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// simulate makes calls at even distances for a while, from a time on, to nodes
// that answer as serve says, and returns how often each was picked and how long
// the calls took.
func simulate(t *testing.T, p Picker, from, to, distance time.Duration, serve func(n Node, pending int) (time.Duration, error)) (map[Node]int, []time.Duration) {
	t.Helper()
	counts, pending := make(map[Node]int), make(map[Node]int)
	var took []time.Duration
	var ends events
	end := func(e event) {
		pending[e.pick.Node]--
		done(e.pick, Result{Err: e.err, Duration: e.took, Now: start.Add(e.at)})
	}
	for at := from; at < to; at += distance {
		for len(ends) > 0 && ends[0].at <= at {
			end(heap.Pop(&ends).(event))
		}
		pick := mustPick(t, p, Info{Now: start.Add(at)})
		counts[pick.Node]++
		pending[pick.Node]++
		d, err := serve(pick.Node, pending[pick.Node])
		took = append(took, d)
		heap.Push(&ends, event{at + d, pick, d, err})
	}
	for len(ends) > 0 {
		end(heap.Pop(&ends).(event))
	}
	slices.SortFunc(took, cmp.Compare[time.Duration])
	return counts, took
}

// serving answers in about 5 ms, but for one node.
func serving(r *rand.Rand, odd Node, err error, oddMean time.Duration) func(Node, int) (time.Duration, error) {
	return func(n Node, _ int) (time.Duration, error) {
		mean := 5 * time.Millisecond
		if n == odd {
			return time.Duration((0.5 + r.Float64()) * float64(oddMean)), err
		}
		return time.Duration((0.5 + r.Float64()) * float64(mean)), nil
	}
}

func TestPeakEWMAIsFairAmongEquals(t *testing.T) {
	p := &PeakEWMA{Seed: 1}
	list := fakes(5)
	p.Update(nodesOf(list))
	counts, _ := simulate(t, p, 0, 30*time.Second, time.Millisecond, serving(rand.New(rand.NewPCG(1, 1)), nil, nil, 0))
	for i, n := range countsOf(counts, list) {
		if n < 6000*85/100 || n > 6000*115/100 {
			t.Errorf("node %d has %d calls, want about 6000", i, n)
		}
	}
}

// A node that becomes 20 times slower loses nearly all calls, gets a few to show
// that it is well again, and then its share.
func TestPeakEWMALeavesASlowNode(t *testing.T) {
	p := &PeakEWMA{Seed: 1}
	list := fakes(5)
	p.Update(nodesOf(list))
	r := rand.New(rand.NewPCG(1, 1))
	_, before := simulate(t, p, 0, 10*time.Second, time.Millisecond, serving(r, nil, nil, 0))
	simulate(t, p, 10*time.Second, 12*time.Second, time.Millisecond, serving(r, list[2], nil, 100*time.Millisecond))
	counts, after := simulate(t, p, 12*time.Second, 60*time.Second, time.Millisecond, serving(r, list[2], nil, 100*time.Millisecond))
	if n := counts[list[2]]; n < 1 || n > 100 {
		t.Errorf("the slow node has %d of 48,000 calls", n)
	}
	if p99, was := after[len(after)*99/100], before[len(before)*99/100]; p99 > was*3/2 {
		t.Errorf("the 99th percentile is %v, it was %v", p99, was)
	}
	simulate(t, p, 60*time.Second, 120*time.Second, time.Millisecond, serving(r, nil, nil, 0))
	counts, _ = simulate(t, p, 120*time.Second, 150*time.Second, time.Millisecond, serving(r, nil, nil, 0))
	if n := counts[list[2]]; n < 4500 {
		t.Errorf("the node that is well again has %d of 30,000 calls", n)
	}
}

// A node does not look good by failing fast.
func TestPeakEWMALeavesAFailingNode(t *testing.T) {
	overload := curlew.NewError(curlew.ResourceExhausted, "x").WithProgress(curlew.Refused)
	for _, err := range []error{broken, overload} {
		p := &PeakEWMA{Seed: 1}
		list := fakes(5)
		p.Update(nodesOf(list))
		counts, _ := simulate(t, p, 0, 20*time.Second, time.Millisecond,
			serving(rand.New(rand.NewPCG(1, 1)), list[0], err, 10*time.Microsecond))
		if n := counts[list[0]]; n > 200 {
			t.Errorf("%v: the failing node has %d of 20,000 calls", err, n)
		}
	}
}

// A node that has failed for long is tried again as soon as one that has failed
// for short.
func TestPeakEWMAForgives(t *testing.T) {
	for seed := range uint64(5) {
		p := &PeakEWMA{Seed: seed + 1}
		list := fakes(3)
		p.Update(nodesOf(list))
		r := rand.New(rand.NewPCG(1, seed))
		const failing = 30 * time.Second
		simulate(t, p, 0, failing, 5*time.Millisecond, serving(r, list[0], broken, 10*time.Microsecond))
		simulate(t, p, failing, failing+20*time.Second, 5*time.Millisecond, serving(r, nil, nil, 0))
		counts, _ := simulate(t, p, failing+20*time.Second, failing+40*time.Second, 5*time.Millisecond, serving(r, nil, nil, 0))
		if n := counts[list[0]]; n < 1000 {
			t.Errorf("seed %d: from the 20th to the 40th second that it is well, the node has %d of 4000 calls", seed+1, n)
		}
	}
}

// A node that answers no more gets no more calls than a few in flight.
func TestPeakEWMALeavesAHangingNode(t *testing.T) {
	p := &PeakEWMA{Seed: 1}
	list := fakes(5)
	p.Update(nodesOf(list))
	r := rand.New(rand.NewPCG(1, 1))
	simulate(t, p, 0, 5*time.Second, time.Millisecond, serving(r, nil, nil, 0))
	counts, _ := simulate(t, p, 5*time.Second, 15*time.Second, time.Millisecond, serving(r, list[1], broken, time.Hour))
	if n := counts[list[1]]; n > 50 {
		t.Errorf("the hanging node has %d of 10,000 calls", n)
	}
}

// A node of unknown latency gets one call before that is done.
func TestPeakEWMATriesANewNode(t *testing.T) {
	p := &PeakEWMA{Seed: 1}
	list := fakes(3)
	p.Update(nodesOf(list[:2]))
	r := rand.New(rand.NewPCG(1, 1))
	simulate(t, p, 0, time.Second, time.Millisecond, serving(r, nil, nil, 0))
	p.Update(nodesOf(list))
	counts, _ := simulate(t, p, time.Second, 2*time.Second, time.Millisecond, serving(r, list[2], nil, time.Minute))
	if n := counts[list[2]]; n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestStreamsTellNothingOfLatency(t *testing.T) {
	p := &PeakEWMA{Seed: 1}
	list := fakes(1)
	p.Update(nodesOf(list))
	m := p.set.Load().members[0]
	oneWay := callOf("x")
	oneWay.Options().OneWay = true
	stream := new(curlew.Call)
	stream.BeginClient(t.Context(), curlew.NewMethod("s/m", curlew.KindBidi), new(curlew.CallOptions), nil, nil)
	for _, call := range []*curlew.Call{oneWay, stream} {
		pick := mustPick(t, p, Info{Call: call, Now: start})
		if m.pending.Load() != 1 {
			t.Error("it is not in flight")
		}
		done(pick, Result{Now: start.Add(time.Hour), Duration: time.Hour})
		if m.pending.Load() != 0 || m.latency.packed.Load() != 0 {
			t.Error("its duration counts")
		}
	}
	done(mustPick(t, p, Info{Call: callOf("x"), Now: start}), Result{Now: start, Duration: time.Second})
	if got := m.latency.at(p.clock.at(start), 10); got != 1 {
		t.Errorf("latency %v, want 1", got)
	}
}

func TestLatencyFades(t *testing.T) {
	var l latency
	l.observe(1, 0.1, 10)
	l.observe(time.Second, 1, 10)
	if got := l.at(time.Second, 10); got != 1 {
		t.Errorf("after a peak: %v", got)
	}
	if got, want := l.at(11*time.Second, 10), math.Exp(-1); math.Abs(got-want) > 1e-3 {
		t.Errorf("10 s later: %v, want %v", got, want)
	}
	l.observe(11*time.Second, 0.1, 10)
	if got, want := l.at(11*time.Second, 10), math.Exp(-1)+0.1*(1-math.Exp(-1)); math.Abs(got-want) > 1e-3 {
		t.Errorf("after a shorter one: %v, want %v", got, want)
	}
	if got := l.at(time.Second, 10); got < 0.3 {
		t.Errorf("seen from before: %v", got)
	}
}

// A node whose first call is not done is worse than the slowest.
func TestUnknownLatency(t *testing.T) {
	p := new(PeakEWMA)
	list := fakes(2)
	p.Update(nodesOf(list))
	unknown, slow := p.set.Load().members[0], p.set.Load().members[1]
	slow.latency.observe(1, 600, 10)
	if unknown.cost(1) >= slow.cost(1) {
		t.Error("no call would go to a node of unknown latency")
	}
	unknown.pending.Add(1)
	if unknown.cost(1) <= slow.cost(1) {
		t.Error("a second call would go to a node of unknown latency")
	}
}

// A call that is given up soon tells nothing; one that is given up late tells
// that its server is slow.
func TestCanceledCallsAndLatency(t *testing.T) {
	p := new(PeakEWMA)
	p.Update(nodesOf(fakes(1)))
	m := p.set.Load().members[0]
	for _, test := range []struct {
		at, took time.Duration
		err      error
		want     float64
	}{
		{0, time.Second, nil, 1},
		{time.Second, time.Millisecond, curlew.Canceled, math.Exp(-0.1)},
		{time.Second, 3 * time.Second, curlew.Canceled, 3},
		{time.Second, time.Hour, broken.WithProgress(curlew.NotSent), 3},
	} {
		now := start.Add(test.at)
		done(mustPick(t, p, Info{Now: now}), Result{Now: now, Duration: test.took, Err: test.err})
		if got := m.latency.at(p.clock.at(now), 10); math.Abs(got-test.want) > 1e-3 {
			t.Errorf("%+v: latency %v", test, got)
		}
	}
}
