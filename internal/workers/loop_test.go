// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// line is a loop as a connection has one: whoever owns it takes the next task
// and runs it.
type line struct {
	loop    *Loop
	tasks   chan func()
	over    chan struct{}  // closed by the owner who has seen the last task
	owners  sync.WaitGroup // goroutines that lead, or have led and are in a task
	passed  atomic.Int64   // how often another goroutine had to go on
	refused atomic.Int64   // tasks that Begin refused

	// Of the owner. There is no lock: the race detector tells of a second owner.
	owner int // a number of its own
	ended int // tasks after which the loop was still the owner's
	lost  atomic.Int64
}

func newLine(p *Pool) *line {
	l := &line{tasks: make(chan func(), 100), over: make(chan struct{})}
	l.loop = p.NewLoop(func() {
		l.passed.Add(1)
		l.owners.Go(l.lead)
	})
	l.owners.Go(l.lead)
	return l
}

func (l *line) lead() {
	l.owner++
	me := l.owner
	for task := range l.tasks {
		turn, ok := l.loop.Begin(nil)
		if !ok {
			l.refused.Add(1)
			continue
		}
		if !l.run(task, turn) {
			l.lost.Add(1)
			return
		}
		if l.owner != me {
			panic("two goroutines own one loop")
		}
		l.ended++
	}
	close(l.over)
}

// run runs a task as a dispatcher does.
func (l *line) run(task func(), turn Turn) (mine bool) {
	returned := false
	defer func() {
		if !returned {
			l.loop.Leave(turn)
		}
	}()
	task()
	returned = true
	return l.loop.End(turn)
}

func (l *line) expect(t *testing.T, passed, lost int64) {
	t.Helper()
	synctest.Wait()
	if l.passed.Load() != passed || l.lost.Load() != lost {
		t.Errorf("the loop was passed on %d times, and lost by %d; want %d, %d", l.passed.Load(), l.lost.Load(), passed, lost)
	}
}

// close ends the line, whose tasks must come to an end.
func (l *line) close() {
	close(l.tasks)
	<-l.over
	l.owners.Wait()
}

// lines runs a test on one line, in a bubble.
func lines(t *testing.T, test func(*testing.T, *Pool, *line)) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		l := newLine(p)
		test(t, p, l)
		l.close()
	})
}

func TestShortTasksKeepTheLoop(t *testing.T) {
	lines(t, func(t *testing.T, p *Pool, l *line) {
		for i := range 200 {
			l.tasks <- func() { <-time.After(time.Duration(i%10) * 100 * time.Microsecond) }
		}
		<-time.After(time.Second)
		l.expect(t, 0, 0)
		if l.ended != 200 {
			t.Errorf("%d tasks have run in the loop, want 200", l.ended)
		}
	})
}

func TestBlockedTaskGivesUpTheLoop(t *testing.T) {
	lines(t, func(t *testing.T, p *Pool, l *line) {
		gate := make(chan struct{})
		blocked := func() { <-gate }
		ran := 0
		l.tasks <- blocked
		l.tasks <- func() { ran++ }
		<-time.After(lookEvery - 1)
		l.expect(t, 0, 0)
		<-time.After(lookEvery + 1)
		l.expect(t, 1, 0)
		if ran != 1 {
			t.Error("the task after the one that blocks has not run within two looks")
		}
		l.tasks <- blocked // and again, from where the loop is now
		l.tasks <- func() { ran++ }
		<-time.After(3 * lookEvery)
		l.expect(t, 2, 0)
		<-time.After(time.Second)
		l.expect(t, 2, 0)
		close(gate)
		l.expect(t, 2, 2)
		if ran != 2 || l.ended != 2 {
			t.Errorf("%d tasks beside those that block, %d in a loop that was kept; want 2, 2", ran, l.ended)
		}
		if n := len(p.watch.apart); n != 0 {
			t.Errorf("%d tasks still count as apart from their loops", n)
		}
	})
}

func TestEndTells(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		var calls atomic.Int64
		loop := p.NewLoop(func() { calls.Add(1) })
		first, _ := loop.Begin(nil)
		if !loop.End(first) {
			t.Error("End of a short task: the loop is lost")
		}
		second, ok := loop.Begin(nil)
		if !ok || second == first {
			t.Errorf("Begin: turn %d, %t after turn %d", second, ok, first)
		}
		<-time.After(10 * lookEvery)
		synctest.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("next was called %d times, want once", n)
		}
		third, _ := loop.Begin(nil) // by the one who goes on
		if loop.End(second) {
			t.Error("End of the task that blocked: the loop is still its own")
		}
		if !loop.End(third) {
			t.Error("End of the task after it: the loop is lost")
		}
		synctest.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("next was called %d times, want once", n)
		}
	})
}

// The pace of a task learns that it holds up its loop when that is seen.
func TestBlockedTaskTellsItsPace(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		loop := p.NewLoop(func() {})
		var pace Pace
		pace.took(firstTasks, 0)
		short, _ := loop.Begin(&pace)
		loop.End(short)
		<-time.After(5 * lookEvery)
		if !pace.Quick() {
			t.Error("a short task counts as one that holds up its loop")
		}
		turn, _ := loop.Begin(&pace)
		<-time.After(2 * lookEvery)
		synctest.Wait()
		if pace.Quick() {
			t.Error("the next task is trusted while this one holds up the loop")
		}
		loop.End(turn)
		if got := pace.untilQuick(t); got != 3*firstTasks {
			t.Errorf("trusted after %d tasks, want %d", got, 3*firstTasks)
		}
	})
}

func TestGoexitInATask(t *testing.T) {
	lines(t, func(t *testing.T, p *Pool, l *line) {
		ran := 0
		l.tasks <- runtime.Goexit
		l.tasks <- func() { ran++ }
		l.expect(t, 1, 0) // at once
		l.tasks <- func() {
			<-time.After(time.Second)
			runtime.Goexit()
		}
		l.tasks <- func() { ran++ }
		<-time.After(2 * time.Second)
		l.expect(t, 2, 0) // by the watch, and not once more
		if ran != 2 {
			t.Errorf("%d tasks after those that end their goroutine, want 2", ran)
		}
	})
}

func TestIdleLoopIsForgotten(t *testing.T) {
	lines(t, func(t *testing.T, p *Pool, l *line) {
		listed := func(want int) {
			t.Helper()
			synctest.Wait()
			p.watch.mu.Lock()
			defer p.watch.mu.Unlock()
			if len(p.watch.loops) != want || l.loop.listed.Load() != (want == 1) {
				t.Errorf("%d loops are looked after, this one is: %t; want %d", len(p.watch.loops), l.loop.listed.Load(), want)
			}
		}
		listed(0)
		for range 3 {
			for range 10 {
				l.tasks <- func() {}
				<-time.After(lookEvery / 2)
				listed(1)
			}
			<-time.After(3 * lookEvery)
			listed(0)
		}
		l.tasks <- func() { <-time.After(time.Second) }
		<-time.After(3 * lookEvery)
		l.expect(t, 1, 0)
		<-time.After(time.Second)
		listed(0)
	})
}

func TestCloseWaitsForTasksInLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{})
		away, here := newLine(p), newLine(p)
		gates := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		away.tasks <- func() { <-gates[0] }
		<-time.After(5 * lookEvery)
		away.expect(t, 1, 0)
		here.tasks <- func() { <-gates[1] }
		synctest.Wait()
		p.Close()
		away.tasks <- func() { t.Error("a task ran in a loop of a closed pool") }
		away.expect(t, 1, 0)
		if n := away.refused.Load(); n != 1 {
			t.Errorf("Begin refused %d tasks on a closed pool, want 1", n)
		}
		for i, gate := range gates {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := p.Wait(ctx); err == nil {
				t.Errorf("Wait did not wait for %d tasks", len(gates)-i)
			}
			cancel()
			close(gate)
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		away.expect(t, 1, 1)
		here.expect(t, 1, 1) // a closed pool's loop goes on all the same
		here.tasks <- func() { t.Error("a task ran in a loop of a closed pool") }
		away.close()
		here.close()
	})
}

// A task in a loop at Close that ends before anybody looks at it.
func TestCloseDuringAShortTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{})
		loop := p.NewLoop(func() { t.Error("the loop of a short task was passed on") })
		turn, _ := loop.Begin(nil)
		p.Close()
		select {
		case <-p.done:
			t.Error("the pool was done while a task ran in a loop")
		default:
		}
		if !loop.End(turn) {
			t.Error("the loop of a short task is lost")
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		<-time.After(10 * lookEvery)
	})
}

// Close, and looks, between the steps of a Begin: either the task runs and
// counts, or it is refused and does not.
func TestCloseInsideBegin(t *testing.T) {
	for _, test := range []struct {
		name                  string
		listed, before, looks bool
	}{
		{"of a loop that is not known", false, true, false},
		{"of a loop that is known", true, true, false},
		{"of a loop that is known, and looks", true, true, true},
		{"of an idle loop, and looks", true, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(Config{})
				var passed atomic.Int64
				loop := p.NewLoop(func() { passed.Add(1) })
				if test.listed {
					turn, _ := loop.Begin(nil)
					loop.End(turn)
				}
				turn := Turn(loop.state.Load() + 2)
				if !test.before {
					p.Close()
				}
				loop.state.Store(uint64(turn) + running) // Begin, up to here
				if test.before {
					p.Close()
				}
				if test.looks {
					<-time.After(5 * lookEvery)
				}
				runs := loop.listed.Load() || p.watch.add(loop, turn)
				if !test.before && runs {
					t.Error("a task began on a closed pool")
				}
				if runs {
					select {
					case <-p.done:
						t.Error("the pool was done while a task ran in a loop")
					default:
					}
					if n, mine := passed.Load(), loop.End(turn); mine != (n == 0) {
						t.Errorf("End: %t after the loop was passed on %d times", mine, n)
					}
				} else if passed.Load() != 0 {
					t.Error("the loop was passed on for a task that was refused")
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := p.Wait(ctx); err != nil {
					t.Error(err)
				}
				<-time.After(10 * lookEvery)
			})
		})
	}
}

// Several loops with tasks of which some block, some end their goroutine, and
// that the pool's end meets: each task runs once or is refused, one goroutine
// owns a loop at a time.
func TestLoopsUnderStress(t *testing.T) {
	const loops, tasks = 6, 3000
	p := New(Config{})
	var ran, refused int64
	var mu sync.Mutex
	var group sync.WaitGroup
	for seed := range uint64(loops) {
		group.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			l := newLine(p)
			var done atomic.Int64
			for i := range tasks {
				rest := time.Duration(random.IntN(3000)) * time.Microsecond
				kind := random.IntN(1000)
				l.tasks <- func() {
					defer done.Add(1)
					switch {
					case kind < 15:
						<-time.After(rest) // about as long as between two looks
					case kind < 20:
						<-time.After(rest)
						runtime.Goexit()
					case kind < 25:
						runtime.Goexit()
					case kind < 200:
						runtime.Gosched()
					}
				}
				if seed == 0 && i == tasks*9/10 {
					p.Close()
				}
			}
			l.close()
			mu.Lock()
			defer mu.Unlock()
			ran += done.Load()
			refused += l.refused.Load()
			if l.passed.Load() == 0 {
				t.Errorf("loop %d was never passed on", seed)
			}
		})
	}
	group.Wait()
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ran+refused != loops*tasks || ran < tasks/2 {
		t.Errorf("%d tasks have run and %d were refused, want %d in all", ran, refused, loops*tasks)
	}
}

// The pool's end meets loops that are busy with short tasks.
func TestCloseOfBusyLoops(t *testing.T) {
	for range 40 {
		p := New(Config{})
		begun := make(chan struct{}, 2)
		var group sync.WaitGroup
		for range 2 {
			loop := p.NewLoop(func() {})
			group.Go(func() {
				for i := 0; ; i++ {
					if i == 10 {
						begun <- struct{}{}
					}
					turn, ok := loop.Begin(nil)
					if !ok {
						return
					}
					if !loop.End(turn) { // stopped by the system inside the task
						loop = p.NewLoop(func() {})
					}
				}
			})
		}
		<-begun
		p.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := p.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		group.Wait()
	}
}

func BenchmarkLoop(b *testing.B) {
	p := New(Config{})
	defer p.Close()
	loop := p.NewLoop(func() { b.Error("a task that does nothing took too long") })
	b.ReportAllocs()
	for b.Loop() {
		turn, _ := loop.Begin(nil)
		loop.End(turn)
	}
}

func BenchmarkLoopGoexitGuard(b *testing.B) { // with what a task that may call runtime.Goexit needs
	p := New(Config{})
	defer p.Close()
	l := &line{loop: p.NewLoop(func() {})}
	task := func() {}
	b.ReportAllocs()
	for b.Loop() {
		turn, _ := l.loop.Begin(nil)
		l.run(task, turn)
	}
}
