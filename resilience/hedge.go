// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
)

// Hedge makes an idempotent unary call a second time, at another server, if the
// first attempt has not answered after a while, and takes the first answer
// ("The Tail at Scale", CACM 56-2; gRFC A6). The other attempts are canceled, and
// the call returns when they have ended, so that nothing of it goes on.
//
// An attempt that fails with one of the Codes, or that no server has begun, is
// followed by the next at once; any other error is the call's. Servers push back
// as they do with [Retry]. Each further attempt takes from the Budget. Calls of
// other methods pass as they are.
type Hedge struct {
	// Off means no hedging, against a wider rule.
	Off bool
	// MaxAttempts is how many attempts there are in all: 2; at most 10.
	MaxAttempts int
	// Delay is how long each further attempt waits for the one before. If it is 0
	// that is the measured Quantile: 0.95; of how long first attempts take, of
	// which some 1,000 count and the latest most. Until there are 100 of them
	// there are no further attempts but for those that fail.
	Delay    time.Duration
	Quantile float64
	// MinDelay is the shortest measured delay: 1 ms.
	MinDelay time.Duration
	// Codes are those that let the next attempt begin: Unavailable.
	Codes Codes
}

// Check returns what is wrong with h, or nil.
func (h Hedge) Check() error {
	switch {
	case h.MaxAttempts < 0 || h.MaxAttempts > mostAttempts:
		return fmt.Errorf("resilience: hedge with MaxAttempts %d; it must be from 2 to %d", h.MaxAttempts, mostAttempts)
	case h.MaxAttempts == 1:
		return fmt.Errorf("resilience: hedge with one attempt; set Off")
	case h.Delay < 0 || h.MinDelay < 0:
		return fmt.Errorf("resilience: hedge with a negative time (Delay %v, MinDelay %v)", h.Delay, h.MinDelay)
	case h.Delay > 0 && (h.Quantile != 0 || h.MinDelay != 0):
		return fmt.Errorf("resilience: hedge with the fixed Delay %v, and with Quantile or MinDelay for one that is measured; choose", h.Delay)
	case !(h.Quantile >= 0 && h.Quantile < 1):
		return fmt.Errorf("resilience: hedge with Quantile %v; it must be between 0 and 1", h.Quantile)
	}
	return checkRetryCodes("hedge", h.Codes)
}

func (h Hedge) withDefaults() Hedge {
	if h.MaxAttempts == 0 {
		h.MaxAttempts = 2
	}
	if h.Quantile == 0 {
		h.Quantile = 0.95
	}
	if h.MinDelay == 0 {
		h.MinDelay = time.Millisecond
	}
	h.Codes = h.Codes.or(CodesOf(curlew.Unavailable))
	return h
}

// Interceptor returns the hedging of one method as an interceptor in the call
// position of a client. A nil budget means one of its own with the defaults. h
// must pass its Check.
func (h Hedge) Interceptor(budget *Budget) curlew.Interceptor {
	h = h.withDefaults()
	if budget == nil {
		budget = NewBudget(BudgetConfig{})
	}
	durations := &histogram{quantile: h.Quantile}
	return func(next curlew.Handler) curlew.Handler {
		if h.Off {
			return next
		}
		hedging := &hedging{h, budget, durations, next}
		return hedging.handle
	}
}

type hedging struct {
	Hedge
	budget    *Budget
	durations *histogram
	next      curlew.Handler
}

// delay returns how long an attempt waits for the one before; not ok if that is
// not known yet.
func (h *hedging) delay() (delay time.Duration, ok bool) {
	if h.Delay > 0 {
		return h.Delay, true
	}
	delay, ok = h.durations.get()
	return max(delay, h.MinDelay), ok
}

func (h *hedging) handle(ctx context.Context, call *curlew.Call) error {
	h.budget.Deposit()
	m := call.Method()
	if m.Kind() != curlew.KindUnary || m.Idempotency() == curlew.IdempotencyUnknown || call.Options().OneWay {
		return h.next(ctx, call)
	}
	r := &race{hedging: h, ctx: ctx, call: call, begun: time.Now(), idle: make(chan struct{})}
	r.mu.Lock()
	first := r.start()
	if delay, ok := h.delay(); ok {
		r.timer = time.AfterFunc(delay, r.hedge)
	}
	r.mu.Unlock()
	r.work(first)
	<-r.idle
	return r.end()
}

// race is the attempts of one call. The caller's goroutine makes the first, and
// waits for the timer's, which make the others.
type race struct {
	*hedging
	ctx   context.Context
	call  *curlew.Call
	begun time.Time
	idle  chan struct{} // closed when it is over and no attempt runs

	mu       sync.Mutex
	timer    *time.Timer // nil if the delay is not known
	pending  bool        // a server has asked to wait until the timer fires
	attempts []*attempt
	running  int
	over     bool
	stopped  bool // a server has asked for no more
	result   *attempt
}

type attempt struct {
	call   *curlew.Call
	ctx    context.Context
	cancel context.CancelCauseFunc
	err    error
}

var errOvertaken = errors.New("another attempt of the call has answered first")

// start begins an attempt; mu is held.
func (r *race) start() *attempt {
	a := &attempt{call: r.call.Fork()}
	if n := len(r.attempts); n > 0 {
		a.call.Header().Set(AttemptsKey, strconv.Itoa(n))
	}
	a.ctx, a.cancel = context.WithCancelCause(r.ctx)
	r.attempts = append(r.attempts, a)
	r.running++
	return a
}

// further begins one more attempt if it may; mu is held.
func (r *race) further() *attempt {
	if r.over || r.stopped || len(r.attempts) == r.MaxAttempts || r.ctx.Err() != nil || !r.budget.Withdraw(time.Now()) {
		return nil
	}
	return r.start()
}

// hedge is what the timer runs.
func (r *race) hedge() {
	r.mu.Lock()
	r.pending = false
	a := r.further()
	if a == nil {
		r.finishIfIdle()
	} else if delay, ok := r.delay(); ok && len(r.attempts) < r.MaxAttempts {
		r.timer.Reset(delay)
	}
	r.mu.Unlock()
	r.work(a)
}

// work makes an attempt and those that follow from its failure.
func (r *race) work(a *attempt) {
	for a != nil {
		err := r.next(a.ctx, a.call)
		a = r.ended(a, err)
	}
}

// ended takes an attempt's outcome and returns the attempt that follows at once.
func (r *race) ended(a *attempt, err error) (next *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.err = err
	r.running--
	if r.over {
		if r.running == 0 {
			close(r.idle)
		}
		return nil
	}
	r.result = a
	if err == nil || !r.passes(err) {
		r.finish()
	} else if next = r.follow(a); next == nil {
		r.finishIfIdle()
	}
	return next
}

// passes reports whether an error lets another attempt begin.
func (r *race) passes(err error) bool {
	e := curlew.ErrorOf(err)
	return (r.Codes.Has(e.Code()) || unbegun(e)) && !errors.Is(err, ErrFinal)
}

// follow begins the attempt after one that failed; mu is held.
func (r *race) follow(a *attempt) *attempt {
	wait, told, allowed := parsePushback(a.call.ReplyTrailer())
	switch {
	case !allowed:
		r.stopped = true
		return nil
	case !told:
		return r.further()
	}
	if deadline, ok := r.ctx.Deadline(); ok && time.Until(deadline) <= wait || len(r.attempts) == r.MaxAttempts {
		return nil
	}
	r.pending = true
	if r.timer == nil {
		r.timer = time.AfterFunc(wait, r.hedge)
	} else {
		r.timer.Reset(wait)
	}
	return nil
}

// finishIfIdle ends the race if nothing runs and nothing will; mu is held.
func (r *race) finishIfIdle() {
	if r.over || r.running > 0 || r.pending {
		return
	}
	r.finish()
}

// finish makes result the call's, and lets the others end; mu is held.
func (r *race) finish() {
	r.over = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.measure()
	for _, a := range r.attempts {
		if a != r.result {
			a.cancel(errOvertaken)
		}
	}
	if r.running == 0 {
		close(r.idle)
	}
}

// measure learns how long the first attempt took. One that is overtaken would
// have taken longer; that is as much as the quantile needs.
func (r *race) measure() {
	if r.Delay == 0 && r.result.err == nil {
		r.durations.record(time.Since(r.begun))
	}
}

// end settles the call once no attempt runs.
func (r *race) end() error {
	for _, a := range r.attempts {
		if a != r.result {
			a.call.Discard()
		}
	}
	r.result.call.Commit()
	if r.result.err != nil {
		r.result.cancel(nil)
	} else {
		cancel := r.result.cancel
		r.call.OnEnd(func(error) { cancel(nil) }) // the reply may still be read
	}
	return r.result.err
}
