// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

// Limiter is the state of a [Concurrency] or a [Shed]. It is safe for
// concurrent use; calls that need not wait share no lock.
type Limiter struct {
	config Concurrency
	cpu    *cpuGate // nil without one
	start  time.Time

	limit, running, waiting atomic.Int64
	begun, refused          atomic.Int64 // calls, ever
	service                 atomic.Int64 // how long calls take, in ns: a moving mean

	overloaded atomic.Bool // a line of the queue is

	mu       sync.Mutex // guards the rest; never held while anything waits
	queue    queue
	free     int // in overload: calls that found a free place since the last refusal
	gradient gradient
}

// New returns a limiter on which no call runs. c must pass its Check.
func (c Concurrency) New() *Limiter {
	c = c.withDefaults()
	l := &Limiter{config: c, start: time.Now()}
	l.limit.Store(int64(c.Limit))
	if c.Limit == 0 {
		l.limit.Store(int64(c.Initial))
		l.gradient = gradient{min: c.Min, max: c.Max, limit: float64(c.Initial), chance: rand.Float64, nextProbe: probeFirst}
	}
	return l
}

// Interceptor returns the limit as an interceptor, of a client in the call
// position or of a server. A stream counts until it ends.
func (l *Limiter) Interceptor() curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		if l.config.Off {
			return next
		}
		return func(ctx context.Context, call *curlew.Call) error {
			if err := l.acquire(ctx, call); err != nil {
				return err
			}
			if call.Method().Kind() == curlew.KindUnary {
				return l.unary(ctx, call, next)
			}
			return l.stream(ctx, call, next)
		}
	}
}

// serviceSample is how many calls there are for each that is measured, unless
// the limit adapts.
const serviceSample = 8

// unary runs a call that has its place.
func (l *Limiter) unary(ctx context.Context, call *curlew.Call, next curlew.Handler) (err error) {
	if l.config.Limit > 0 && l.begun.Add(1)%serviceSample != 1 {
		defer l.release()
		return next(ctx, call)
	}
	begun, beside := l.now(), l.running.Load()
	err = curlew.Canceled // of a panic, which is not measured
	defer func() {
		now := l.now()
		l.measure(now, now-begun, max(beside, l.running.Load()), err)
		l.release()
	}()
	err = next(ctx, call)
	return err
}

// stream runs a stream that has its place: on a server to its end, on a client
// until it is open, and it keeps the place to its end.
func (l *Limiter) stream(ctx context.Context, call *curlew.Call, next curlew.Handler) error {
	if served(call) {
		defer l.release()
		return next(ctx, call)
	}
	call.OnEnd(func(error) { l.release() })
	return next(ctx, call)
}

// served reports whether the call is at a server, before next.
func served(call *curlew.Call) bool { return call.Stream() != nil }

// now is the time on the limiter's clock.
func (l *Limiter) now() time.Duration { return time.Since(l.start) }

// take takes a place, if one is free.
func (l *Limiter) take() bool {
	for {
		n := l.running.Load()
		if n >= l.limit.Load() {
			return false
		}
		if l.running.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives a place back, to whoever is next.
func (l *Limiter) release() {
	l.running.Add(-1)
	if l.waiting.Load() > 0 {
		l.mu.Lock()
		l.grant(l.now())
		l.mu.Unlock()
	}
}

// measure learns from a call that has ended. Calls that fail soon would make
// the others look slow.
func (l *Limiter) measure(now, took time.Duration, running int64, err error) {
	if err != nil && curlew.CodeOf(err) != curlew.DeadlineExceeded {
		return
	}
	mean := l.service.Load()
	if mean == 0 {
		mean = int64(took)
	} else {
		mean += (int64(took) - mean) / 16
	}
	l.service.Store(max(mean, 1)) // of two at the same time one is lost
	if l.config.Limit == 0 {
		l.mu.Lock()
		l.limit.Store(int64(l.gradient.add(now, took, int(running))))
		l.mu.Unlock()
	}
}

// acquire takes a place for a call, or says why it gets none.
func (l *Limiter) acquire(ctx context.Context, call *curlew.Call) error {
	if l.cpu != nil {
		if err := l.cpu.check(call); err != nil {
			return l.refuse(call, err)
		}
	}
	if l.waiting.Load() == 0 && l.take() {
		if l.overloaded.Load() {
			l.relieve()
		}
		return nil
	}
	if l.config.Queue == 0 {
		return l.refuse(call, l.full())
	}
	w, err := l.join(ctx, call)
	if err != nil {
		return l.refuse(call, err)
	}
	if w == nil {
		return nil
	}
	if err := l.wait(ctx, w); err != nil {
		return l.refuse(call, err)
	}
	return nil
}

// join takes a place in the queue. Without one and without an error, the call
// may run.
func (l *Limiter) join(ctx context.Context, call *curlew.Call) (*waiter, *curlew.Error) {
	w := &waiter{priority: PriorityOf(call.Header()), turn: make(chan *curlew.Error, 1)}
	var left time.Duration
	deadline, bounded := ctx.Deadline()
	if bounded {
		left = time.Until(deadline)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.grant(now)
	if l.queue.size == 0 && l.take() {
		return nil, nil
	}
	service := time.Duration(l.service.Load())
	if bounded {
		w.deadline = now + left
		if need := l.turnAfter(l.queue.before(w.priority)) + service; need > left {
			return nil, curlew.Errorf(curlew.ResourceExhausted, "it has %v left and would need %v with its turn: it is not begun", left, need)
		}
	}
	if l.queue.size >= l.config.Queue {
		least := l.queue.least()
		line := &l.queue.lines[least.priority]
		line.overloaded = true
		l.overloaded.Store(true)
		l.free = 0
		if least.priority > w.priority {
			return nil, l.full()
		}
		l.queue.refuse(least, l.full())
	}
	w.since = now
	l.queue.push(w)
	l.waiting.Store(int64(l.queue.size))
	l.grant(now) // a place that became free before release could see that somebody waits
	return w, nil
}

// turnAfter estimates when it is the turn of a call that comes after so many.
func (l *Limiter) turnAfter(before int) time.Duration {
	return time.Duration(float64(before+1) * float64(l.service.Load()) / float64(l.limit.Load()))
}

// relieve counts a call that found a free place although there is overload, and
// ends that when as many as may run have done so and none was refused.
func (l *Limiter) relieve() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free++; l.free >= int(l.limit.Load()) {
		l.queue.relieve()
		l.overloaded.Store(false)
	}
}

// grant refuses those who have waited too long and lets others run while there
// are places. mu is held.
func (l *Limiter) grant(now time.Duration) {
	if l.queue.size == 0 {
		return
	}
	service := time.Duration(l.service.Load())
	if l.queue.judge(now, l.config.interval(service)) {
		l.overloaded.Store(true)
	}
	target := l.config.target(service)
	if l.queue.expire(now, l.config.MaxWait, target, l.waited) {
		l.free = 0
	}
	for l.queue.size > 0 && l.take() {
		w := l.queue.first()
		if w.deadline > 0 && now+service > w.deadline {
			l.running.Add(-1)
			l.queue.refuse(w, l.late())
			continue
		}
		if now-w.since < target {
			l.queue.lines[w.priority].slowSince = now
		}
		l.queue.remove(w)
		w.turn <- nil
	}
	l.waiting.Store(int64(l.queue.size))
}

// wait waits for the turn of w.
func (l *Limiter) wait(ctx context.Context, w *waiter) *curlew.Error {
	timer := time.NewTimer(l.config.MaxWait)
	defer timer.Stop()
	select {
	case err := <-w.turn:
		return err
	case <-timer.C:
		if l.leave(w) {
			return l.waited(l.config.MaxWait)
		}
		return <-w.turn
	case <-ctx.Done():
		if !l.leave(w) && <-w.turn == nil {
			l.release()
		}
		return curlew.Errorf(curlew.CodeOf(ctx.Err()), "while it waited for a place: %w", context.Cause(ctx))
	}
}

// leave takes w out of the queue and reports whether it was there.
func (l *Limiter) leave(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := w.queued
	l.queue.remove(w)
	l.waiting.Store(int64(l.queue.size))
	return was
}

func (l *Limiter) full() *curlew.Error {
	if l.config.Queue == 0 {
		return curlew.Errorf(curlew.ResourceExhausted, "%d calls run, no more may at once", l.limit.Load())
	}
	return curlew.Errorf(curlew.ResourceExhausted, "%d calls run and %d wait, which are as important: no more may wait", l.limit.Load(), l.config.Queue)
}

func (l *Limiter) waited(longest time.Duration) *curlew.Error {
	return curlew.Errorf(curlew.ResourceExhausted, "it has waited %v for one of %d places", longest, l.limit.Load())
}

func (l *Limiter) late() *curlew.Error {
	return curlew.Errorf(curlew.ResourceExhausted, "it would not be done before its deadline, and is not begun")
}

// refuse makes the error of a call that got no place.
func (l *Limiter) refuse(call *curlew.Call, why *curlew.Error) error {
	l.refused.Add(1)
	if why.Code() == curlew.ResourceExhausted && served(call) {
		setPushback(call.ReplyTrailer(), l.turnAfter(int(l.waiting.Load())))
	}
	return refusal(call, why)
}

// LimiterStats is a limiter at one moment.
type LimiterStats struct {
	// Limit, and the calls that run and wait.
	Limit, Running, Waiting int
	// Refused is how many calls were refused, ever.
	Refused int64
	// Duration is how long calls take: a moving mean of some of them.
	Duration time.Duration
	// Overloaded says that the newest calls are served first.
	Overloaded bool
}

// Stats returns the limiter as it is now.
func (l *Limiter) Stats() LimiterStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return LimiterStats{
		Limit: int(l.limit.Load()), Running: int(l.running.Load()), Waiting: l.queue.size,
		Refused: l.refused.Load(), Duration: time.Duration(l.service.Load()), Overloaded: l.overloaded.Load(),
	}
}
