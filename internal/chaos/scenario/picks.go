// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/balance"
	"github.com/curlewrpc/curlew/discovery"
	"github.com/curlewrpc/curlew/internal/chaos/figure"
)

// picks has the default picker see 1,000 updates a second of 5,000 endpoints, of
// which each changes a few.
func picks(e *env) {
	const endpoints, rate, changed = 5000, 1000, 5
	span := e.shorter(5*time.Second, time.Second)
	u := newUpdates(endpoints, changed, e.Seed)
	picker := balance.Default()
	picker.Update(u.nodes)
	stop := make(chan struct{})
	var updater sync.WaitGroup
	updater.Go(func() { u.run(picker, rate, stop) })

	before, began := u.done.Load(), time.Now()
	one := callers(picker, u, 1, span)
	e.figure("updates a second", float64(u.done.Load()-before)/time.Since(began).Seconds(), "", figure.AtLeast(0.99*rate))
	e.figure("an update takes", figure.Millis(time.Duration(u.spent.Load()/max(1, u.done.Load()))), "ms", figure.Bound{})
	e.figure("a pick, one caller", float64(one.pick.Nanoseconds()), "ns", figure.AtMost(200))
	e.figure("its feedback", float64(one.feedback.Nanoseconds()), "ns", figure.Bound{})

	// Many callers, with all waits for locks written down.
	runtime.SetBlockProfileRate(1)
	many := callers(picker, u, 4*runtime.GOMAXPROCS(0), span)
	locks := waited()
	runtime.SetBlockProfileRate(0)
	close(stop)
	updater.Wait()
	e.figure("a pick, 4 callers a processor", float64(many.pick.Nanoseconds()), "ns", figure.AtMost(200))
	e.figure("its feedback, 4 callers a processor", float64(many.feedback.Nanoseconds()), "ns", figure.Bound{})
	e.figure("waits of picks and feedback for a lock", float64(len(locks)), "", figure.AtMost(0))
	for _, where := range locks {
		e.Log(where)
	}
	e.figure("picks", float64(one.picks+many.picks), "", figure.Bound{})
	e.figure("picks of endpoints that had gone before", float64(one.wrong+many.wrong), "", figure.AtMost(0))
	e.figure("picks that found nothing", float64(one.none+many.none), "", figure.AtMost(0))
	e.figure("endpoints that were picked, of those known", percent(float64(u.picked()), float64(len(u.all))), "%", figure.AtLeast(99))
}

// node is a server that is always ready.
type node struct {
	endpoint discovery.Endpoint
	gone     atomic.Int64 // the update that has taken it away; 0 while it is there
	picked   atomic.Bool
}

func (n *node) Endpoint() *discovery.Endpoint { return &n.endpoint }
func (n *node) State() balance.State          { return balance.Ready }
func (n *node) Connect()                      {}

// updates are sets of nodes over time.
type updates struct {
	all     []*node
	nodes   []balance.Node // now
	absent  []*node
	changed int
	random  *rand.Rand
	done    atomic.Int64 // how many updates the picker has
	spent   atomic.Int64 // time in the picker's Update
}

func newUpdates(endpoints, changed int, seed uint64) *updates {
	u := &updates{changed: changed, random: rand.New(rand.NewPCG(seed, 7))}
	for i := range endpoints + endpoints/5 {
		n := &node{endpoint: discovery.Endpoint{Address: fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250)}}
		u.all = append(u.all, n)
		if i < endpoints {
			u.nodes = append(u.nodes, n)
		} else {
			n.gone.Store(-1)
			u.absent = append(u.absent, n)
		}
	}
	return u
}

// run makes updates at a rate, as many as are due.
func (u *updates) run(p balance.Picker, rate int, stop chan struct{}) {
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	begin := time.Now()
	for made := 0; ; {
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
		for due := int(time.Since(begin).Seconds() * float64(rate)); made < due; made++ {
			u.next(p)
		}
	}
}

// next replaces a few nodes by others that are absent.
func (u *updates) next(p balance.Picker) {
	number := u.done.Load() + 1
	u.nodes = slices.Clone(u.nodes)
	var left []*node
	for range u.changed {
		out, in := u.random.IntN(len(u.nodes)), u.random.IntN(len(u.absent))
		gone, comes := u.nodes[out].(*node), u.absent[in]
		comes.gone.Store(0)
		u.nodes[out], u.absent[in] = comes, gone
		left = append(left, gone)
	}
	begin := time.Now()
	p.Update(u.nodes)
	u.spent.Add(int64(time.Since(begin)))
	for _, n := range left {
		// One may have come back by a later change of the same update.
		if slices.Contains(u.absent, n) {
			n.gone.Store(number)
		}
	}
	u.done.Store(number)
}

func (u *updates) picked() (n int) {
	for _, node := range u.all {
		if node.picked.Load() {
			n++
		}
	}
	return n
}

// tally is what callers have seen.
type tally struct {
	picks, wrong, none int
	pick, feedback     time.Duration // each, in the median round
}

// callers has n goroutines pick for a while.
func callers(p balance.Picker, u *updates, n int, span time.Duration) tally {
	all := make([]tally, n)
	rounds := make([][]round, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { all[i], rounds[i] = pickFor(p, u, span) })
	}
	group.Wait()
	var sum tally
	var pick, feedback []time.Duration
	for i, t := range all {
		sum.picks, sum.wrong, sum.none = sum.picks+t.picks, sum.wrong+t.wrong, sum.none+t.none
		for _, r := range rounds[i] {
			pick, feedback = append(pick, r.pick), append(feedback, r.feedback)
		}
	}
	slices.Sort(pick)
	slices.Sort(feedback)
	sum.pick, sum.feedback = pick[len(pick)/2], feedback[len(feedback)/2]
	return sum
}

// round is what each pick of a round has taken, and its feedback.
type round struct{ pick, feedback time.Duration }

// pickFor picks for a while, in rounds that are so short that few of them are
// disturbed by others.
func pickFor(p balance.Picker, u *updates, span time.Duration) (t tally, rounds []round) {
	const size = 200
	var call curlew.Call
	call.BeginClient(context.Background(), curlew.NewMethod("chaos.Fleet/Read", curlew.KindUnary), new(curlew.CallOptions), nil, nil)
	var made [size]balance.Pick
	for end := time.Now().Add(span); ; {
		known := u.done.Load()
		begin := time.Now()
		if begin.After(end) {
			return t, rounds
		}
		for i := range made {
			made[i], _ = p.Pick(context.Background(), balance.Info{Call: &call, Now: begin}) // without a node if there is an error
		}
		picked := time.Now()
		for _, pick := range made {
			if pick.Feedback != nil {
				pick.Feedback.Done(balance.Result{Now: picked, Duration: time.Millisecond})
			}
		}
		rounds = append(rounds, round{picked.Sub(begin) / size, time.Since(picked) / size})
		for _, pick := range made {
			t.picks++
			n, ok := pick.Node.(*node)
			switch {
			case !ok:
				t.none++
				continue
			case n.wasGone(known):
				t.wrong++
			}
			if !n.picked.Load() {
				n.picked.Store(true)
			}
		}
	}
}

// wasGone reports whether the node had gone when the picker had the known number
// of updates.
func (n *node) wasGone(known int64) bool {
	gone := n.gone.Load()
	return gone < 0 || gone > 0 && gone <= known
}

// waited returns where picks or their feedback have waited for anything.
func waited() (where []string) {
	records := make([]runtime.BlockProfileRecord, 10_000)
	n, _ := runtime.BlockProfile(records)
	for _, r := range records[:min(n, len(records))] {
		var names []string
		frames := runtime.CallersFrames(r.Stack())
		for {
			frame, more := frames.Next()
			names = append(names, frame.Function)
			if !more {
				break
			}
		}
		text := strings.Join(names, " < ")
		if strings.Contains(text, "/scenario.pickFor") && strings.Contains(text, "/balance.") {
			where = append(where, text)
		}
	}
	return where
}
