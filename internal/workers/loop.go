// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package workers

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often the loops of a pool are looked after. A task that runs
// at two looks in a row has held up its loop for too long.
const lookEvery = time.Millisecond

// Loop is the loop of a goroutine, such as one that reads from a connection,
// that runs short tasks itself: to hand one to another goroutine may cost more
// than the task. If a task turns out not to be short, another goroutine goes on
// with the loop, one or two milliseconds later, and the first is left with the
// task.
//
// The goroutine whose turn it is calls Begin, runs a task, and calls End. What
// it wrote before Begin is visible to the goroutine that takes over.
type Loop struct {
	pool *Pool
	next func() // goes on with the loop on another goroutine; does not wait
	pace *Pace  // of the task, or nil; the loop's owner sets it

	state  atomic.Uint64 // the number of the task, and whether it runs here
	listed atomic.Bool   // the watch knows of it
	seen   uint64        // state at the last look; guarded by the watch's mu
}

// A Turn is one task of a Loop: an even number, and odd while the task runs and
// the loop with it.
type Turn uint64

const running = 1

// NewLoop returns a loop. next is called, on any goroutine, when another
// goroutine must go on with the loop.
func (p *Pool) NewLoop(next func()) *Loop { return &Loop{pool: p, next: next} }

// Begin says that the loop's goroutine begins a task, whose pace, if that is not
// nil, is told if the task holds up the loop. It reports false, and the loop must
// not run the task, if the pool is closed.
func (l *Loop) Begin(pace *Pace) (Turn, bool) {
	l.pace = pace
	turn := l.state.Load() + 2
	l.state.Store(turn + running)
	if l.listed.Load() || l.pool.watch.add(l, Turn(turn)) {
		return Turn(turn), true
	}
	return 0, false
}

// End says that the task has ended, and reports whether the loop is still the
// caller's. If not, the caller must not touch what is the loop's.
func (l *Loop) End(turn Turn) bool {
	mine := l.state.CompareAndSwap(uint64(turn)+running, uint64(turn))
	if w := &l.pool.watch; !mine || w.closing.Load() {
		w.ended(l, turn)
	}
	return mine
}

// Leave is End for a goroutine that comes to an end inside the task: the loop
// goes on without it.
func (l *Loop) Leave(turn Turn) {
	if l.End(turn) {
		l.next()
	}
}

// Close says that the loop has come to an end, outside a task, so that nothing
// holds it any longer.
func (l *Loop) Close() {
	w := &l.pool.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.loops, l); i >= 0 {
		w.loops = slices.Delete(w.loops, i, i+1)
		l.listed.Store(false)
	}
}

// watch looks after the loops of a pool that have run tasks of late.
type watch struct {
	pool    *Pool
	closing atomic.Bool

	mu    sync.Mutex // before the pool's
	loops []*Loop
	timer *time.Timer // runs look; nil until there is a loop
	// apart are the tasks that count as the pool's goroutines do: the loop has
	// gone on without them, or the pool is closed.
	apart map[held]struct{}
}

type held struct {
	loop *Loop
	turn Turn
}

// add looks after l from now on. If the pool is closed, it reports whether the
// task that l begins counts all the same; if not, the task has not begun.
func (w *watch) add(l *Loop, turn Turn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing.Load() {
		if w.counts(l, turn) {
			return true
		}
		l.state.Store(uint64(turn))
		return false
	}
	if l.listed.Load() {
		return true
	}
	l.listed.Store(true)
	l.seen = l.state.Load()
	w.loops = append(w.loops, l)
	switch {
	case w.timer == nil:
		w.timer = time.AfterFunc(lookEvery, w.look)
	case len(w.loops) == 1:
		w.timer.Reset(lookEvery)
	}
	return true
}

// look has others go on with the loops whose task was there at the last look,
// and forgets those that have had none since.
func (w *watch) look() {
	var stuck []*Loop
	w.mu.Lock()
	kept := w.loops[:0]
	for _, l := range w.loops {
		s := l.state.Load()
		switch {
		case w.closing.Load() && (s&running == 0 || !w.counts(l, Turn(s-running))):
			continue // nothing begins on it any more
		case s != l.seen:
			l.seen = s
		case s&running != 0:
			turn := Turn(s - running)
			w.count(l, turn)
			if l.state.CompareAndSwap(s, s-running) {
				if l.pace != nil { // now, not at the end: the next task may be of its kind
					l.pace.HeldUp()
				}
				stuck = append(stuck, l)
			} else {
				w.uncount(l, turn)
			}
		default:
			l.listed.Store(false)
			if l.state.Load() == s {
				continue
			}
			l.listed.Store(true) // a task has begun that may have seen it listed
		}
		kept = append(kept, l)
	}
	clear(w.loops[len(kept):])
	w.loops = kept
	if len(kept) > 0 {
		w.timer.Reset(lookEvery)
	}
	w.mu.Unlock()
	for _, l := range stuck {
		l.next()
	}
}

// counts reports whether the pool waits for a task. mu is held.
func (w *watch) counts(l *Loop, turn Turn) bool {
	_, ok := w.apart[held{l, turn}]
	return ok
}

// count makes the pool wait for a task. mu is held.
func (w *watch) count(l *Loop, turn Turn) {
	if w.counts(l, turn) {
		return
	}
	if w.apart == nil {
		w.apart = make(map[held]struct{})
	}
	w.apart[held{l, turn}] = struct{}{}
	w.pool.enter()
}

// uncount undoes count, if it was done. mu is held.
func (w *watch) uncount(l *Loop, turn Turn) {
	if w.counts(l, turn) {
		delete(w.apart, held{l, turn})
		w.pool.leave()
	}
}

func (w *watch) ended(l *Loop, turn Turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.uncount(l, turn)
}

// close lets no task begin any more. Those that run count as the pool's.
func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing.Store(true)
	for _, l := range w.loops {
		l.listed.Store(false)
		if s := l.state.Load(); s&running != 0 {
			w.count(l, Turn(s-running))
		}
	}
}
