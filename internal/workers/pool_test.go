// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// task is a Task made of a function.
type task func()

func (t task) Run() { t() }

// bubble runs a test on a pool in a bubble, which fails if a goroutine of the
// pool is left, and in which the pool is closed afterwards.
func bubble(t *testing.T, config Config, test func(*testing.T, *Pool)) {
	synctest.Test(t, func(t *testing.T) {
		p := New(config)
		test(t, p)
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// workers returns how many workers there are, and how many of them are idle.
func (p *Pool) workers() (all, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, idle = p.live, len(p.idle)
	if p.sweeping {
		all--
	}
	return all, idle
}

func (p *Pool) expect(t *testing.T, all, idle int) {
	t.Helper()
	synctest.Wait()
	if gotAll, gotIdle := p.workers(); gotAll != all || gotIdle != idle {
		t.Errorf("%d workers, %d of them idle; want %d, %d", gotAll, gotIdle, all, idle)
	}
}

// occupy runs n tasks that wait for the returned function to be called.
func (p *Pool) occupy(t *testing.T, n int) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	for range n {
		if !p.Go(task(func() { <-gate })) {
			t.Fatal("Go refused a task")
		}
	}
	return func() { close(gate) }
}

func TestReuse(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		release := p.occupy(t, 3)
		p.expect(t, 3, 0)
		release()
		p.expect(t, 3, 3)
		release = p.occupy(t, 2)
		p.expect(t, 3, 1)
		release()
		for range 100 {
			p.occupy(t, 1)()
			p.expect(t, 3, 3)
		}
	})
}

func TestMaxIdle(t *testing.T) {
	bubble(t, Config{MaxIdle: 2}, func(t *testing.T, p *Pool) {
		release := p.occupy(t, 10)
		p.expect(t, 10, 0)
		release()
		p.expect(t, 2, 2)
	})
}

func TestIdleTime(t *testing.T) {
	bubble(t, Config{IdleTime: time.Second}, func(t *testing.T, p *Pool) {
		p.occupy(t, 5)()
		p.expect(t, 5, 5)
		for range 4 { // two are needed all the time
			<-time.After(600 * time.Millisecond)
			p.occupy(t, 2)()
		}
		p.expect(t, 2, 2)
		<-time.After(2 * time.Second)
		p.expect(t, 0, 0)
		if p.sweeping {
			t.Error("the timer is armed though nothing is idle")
		}
		p.occupy(t, 1)() // and again
		<-time.After(time.Second - 1)
		p.expect(t, 1, 1)
		<-time.After(time.Second + 1)
		p.expect(t, 0, 0)
	})
}

func TestWorkerGoesAfterManyTasks(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		for range tasksPerWorker {
			p.occupy(t, 1)()
			synctest.Wait()
		}
		p.expect(t, 1, 1)
		p.occupy(t, 1)()
		p.expect(t, 0, 0)
	})
}

func TestNestedTasks(t *testing.T) {
	bubble(t, Config{MaxIdle: 1}, func(t *testing.T, p *Pool) {
		var nest func(depth int)
		nest = func(depth int) {
			if depth == 0 {
				return
			}
			done := make(chan struct{})
			p.Go(task(func() {
				nest(depth - 1)
				close(done)
			}))
			<-done
		}
		nest(2000)
	})
}

func TestGoexit(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, p *Pool) {
		p.Go(task(runtime.Goexit))
		p.expect(t, 0, 0)
		p.occupy(t, 1)()
		p.expect(t, 1, 1)
		p.Go(task(runtime.Goexit))
		p.expect(t, 0, 0)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{})
		release := p.occupy(t, 3)
		idle := p.occupy(t, 2)
		idle()
		p.expect(t, 5, 2)
		p.Close()
		p.Close()
		p.expect(t, 3, 0)
		if p.Go(task(func() { t.Error("a task ran on a closed pool") })) {
			t.Error("Go on a closed pool accepted a task")
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("too slow"))
		defer cancel()
		if err := p.Wait(ctx); err == nil || !strings.Contains(err.Error(), "3 goroutines") ||
			!strings.Contains(err.Error(), "too slow") {
			t.Errorf("Wait while tasks run: %v", err)
		}
		release()
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		p.expect(t, 0, 0)
	})
	t.Run("unused", func(t *testing.T) { bubble(t, Config{}, func(*testing.T, *Pool) {}) })
}

// Many goroutines hand over tasks while workers come and go and the pool is
// closed: each accepted task runs exactly once.
func TestConcurrentUse(t *testing.T) {
	p := New(Config{MaxIdle: 3, IdleTime: time.Microsecond})
	var accepted, ran atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 5000 {
				quit := i%50 == 0
				if p.Go(task(func() {
					ran.Add(1)
					if quit {
						runtime.Goexit()
					}
				})) {
					accepted.Add(1)
				}
				if i == 4000 {
					p.Close()
				}
			}
		})
	}
	group.Wait()
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if accepted.Load() != ran.Load() || ran.Load() < 4000 {
		t.Errorf("%d tasks accepted, %d run", accepted.Load(), ran.Load())
	}
}

// signal is a task that is used again and again, as a call's would be.
type signal chan struct{}

func (s signal) Run() { s <- struct{}{} }

func BenchmarkGo(b *testing.B) {
	p := New(Config{})
	defer p.Close()
	done := make(signal)
	b.ReportAllocs()
	for b.Loop() {
		p.Go(done)
		<-done
	}
}

func BenchmarkGoParallel(b *testing.B) {
	p := New(Config{})
	defer p.Close()
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		done := make(signal)
		for pb.Next() {
			p.Go(done)
			<-done
		}
	})
}

func BenchmarkGoStatement(b *testing.B) {
	done := make(signal)
	b.ReportAllocs()
	for b.Loop() {
		go done.Run()
		<-done
	}
}

// deep is a task whose stack is as deep as that of a call.
type deep chan struct{}

func (d deep) Run() {
	burn(40)
	d <- struct{}{}
}

//go:noinline
func burn(depth int) int {
	var frame [200]byte
	frame[depth] = byte(depth)
	if depth == 0 {
		return 0
	}
	return burn(depth-1) + int(frame[depth/2])
}

func BenchmarkGoDeep(b *testing.B) {
	p := New(Config{})
	defer p.Close()
	done := make(deep)
	for b.Loop() {
		p.Go(done)
		<-done
	}
}

func BenchmarkGoStatementDeep(b *testing.B) {
	done := make(deep)
	for b.Loop() {
		go done.Run()
		<-done
	}
}
