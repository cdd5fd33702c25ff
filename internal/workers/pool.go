// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	defaultMaxIdle  = 256
	defaultIdleTime = 10 * time.Second

	// tasksPerWorker is after how many tasks a worker goes.
	tasksPerWorker = 1 << 14
)

// Task is work to be done once. Run should recover its own panics: one that it
// does not ends the process, as in any goroutine. runtime.Goexit in Run ends
// the task and its worker, nothing else.
type Task interface {
	Run()
}

// Config is how many workers a Pool keeps.
type Config struct {
	// MaxIdle is how many workers wait for a task at most; zero means 256.
	MaxIdle int

	// IdleTime is how long a worker that is not needed waits at least; it waits
	// up to twice as long. Zero means 10 s.
	IdleTime time.Duration
}

// Pool runs tasks on goroutines that it keeps. Its methods may be called
// concurrently. It belongs to the testing/synctest bubble in which it was made.
type Pool struct {
	config Config
	done   chan struct{} // closed when the pool is closed and nothing is live
	watch  watch         // of loops

	mu     sync.Mutex
	idle   []*worker // those waiting; the last one was busy most recently
	unused int       // how many of idle, from the first, were idle all the time since the last sweep
	live   int       // goroutines and the sweep that is scheduled or under way
	closed bool

	sweeper  *time.Timer // runs sweep while there are idle workers
	sweeping bool        // it is armed, or sweep is about to run
}

// worker is a goroutine that runs tasks one after the other.
type worker struct {
	next chan Task // holds one, so that handing over never waits
}

// New returns a pool. The caller closes it.
func New(config Config) *Pool {
	if config.MaxIdle <= 0 {
		config.MaxIdle = defaultMaxIdle
	}
	if config.IdleTime <= 0 {
		config.IdleTime = defaultIdleTime
	}
	p := &Pool{config: config, done: make(chan struct{})}
	p.watch.pool = p
	return p
}

// Go runs task on another goroutine. It never waits. On a closed pool it does
// nothing and returns false.
func (p *Pool) Go(task Task) bool {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return false
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.unused = min(p.unused, n-1)
		p.mu.Unlock()
		w.next <- task
		return true
	}
	p.live++
	p.mu.Unlock()
	go p.work(&worker{next: make(chan Task, 1)}, task)
	return true
}

// Close makes Go refuse tasks and lets idle workers go. Tasks that run go on;
// Wait waits for them.
func (p *Pool) Close() {
	p.watch.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.dismiss(len(p.idle))
	if p.sweeping && p.sweeper.Stop() {
		p.sweeping = false
		p.live--
	}
	p.closeIfDone()
}

// Wait waits until the pool is closed and all its goroutines have ended, or
// until ctx ends.
func (p *Pool) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Errorf("workers: %d goroutines have not ended: %w", p.live, context.Cause(ctx))
}

// work runs task and those that follow it.
func (p *Pool) work(w *worker, task Task) {
	defer p.leave() // also after runtime.Goexit
	for range tasksPerWorker {
		task.Run()
		task = nil // let its memory go while waiting
		if !p.park(w) {
			return
		}
		var ok bool
		if task, ok = <-w.next; !ok {
			return
		}
	}
	task.Run()
}

// park makes w wait for a task, unless enough others do.
func (p *Pool) park(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.config.MaxIdle {
		return false
	}
	p.idle = append(p.idle, w)
	if !p.sweeping {
		p.sweeping = true
		p.live++
		if p.sweeper == nil {
			p.sweeper = time.AfterFunc(p.config.IdleTime, p.sweep)
		} else {
			p.sweeper.Reset(p.config.IdleTime)
		}
	}
	return true
}

// sweep lets those workers go that were idle all the time since the last sweep.
func (p *Pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.dismiss(p.unused)
		p.unused = len(p.idle)
		if p.unused > 0 {
			p.sweeper.Reset(p.config.IdleTime)
			return
		}
	}
	p.sweeping = false
	p.live--
	p.closeIfDone()
}

// dismiss ends the n idle workers that were busy longest ago.
func (p *Pool) dismiss(n int) {
	for _, w := range p.idle[:n] {
		close(w.next)
	}
	kept := copy(p.idle, p.idle[n:])
	clear(p.idle[kept:])
	p.idle = p.idle[:kept]
}

// enter counts a goroutine that is not of the pool's making.
func (p *Pool) enter() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live++
}

// leave counts a goroutine that ends.
func (p *Pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	p.closeIfDone()
}

func (p *Pool) closeIfDone() {
	if p.closed && p.live == 0 {
		close(p.done)
	}
}
