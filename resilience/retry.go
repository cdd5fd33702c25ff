// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/curlewrpc/curlew"
)

// Retry makes calls again that have failed, when that does no harm: a call that
// no server has begun, and a call of an idempotent method with one of the
// Codes. Everything else is never retried. A stream is retried only while it
// is opened.
//
// Before each further try the call waits as Backoff says, or as the server
// says by the trailer "grpc-retry-pushback-ms" (gRFC A6), where a negative
// number, or one of more than 15 s, forbids it. A call whose deadline would pass in that wait fails at once
// with the error that it has. Each further try takes from the Budget; when that
// is used up, calls fail with their first error.
//
// The first attempt costs no allocation. Further ones run on forks of the call
// and carry the header "grpc-previous-rpc-attempts".
type Retry struct {
	// Off means no retries, against a wider rule.
	Off bool
	// MaxAttempts is how often a call is tried, the first time included: 3; at
	// most 10.
	MaxAttempts int
	// Codes are those for which an idempotent method is called again: Unavailable.
	Codes Codes
	// Backoff is the waits between the tries.
	Backoff Backoff
	// TryTimeout bounds each attempt of a unary call; 0 is no bound. An attempt
	// that it ends is retried if the method is idempotent, whatever the Codes.
	TryTimeout time.Duration
}

const (
	defaultAttempts = 3
	mostAttempts    = 10
)

// Check returns what is wrong with r, or nil.
func (r Retry) Check() error {
	switch {
	case r.MaxAttempts < 0 || r.MaxAttempts > mostAttempts:
		return fmt.Errorf("resilience: retry with MaxAttempts %d; it must be from 1 to %d", r.MaxAttempts, mostAttempts)
	case r.MaxAttempts == 1 && r.TryTimeout > 0:
		return fmt.Errorf("resilience: retry with one attempt and TryTimeout %v; use the call's timeout", r.TryTimeout)
	case r.TryTimeout < 0:
		return fmt.Errorf("resilience: retry with TryTimeout %v; it must not be negative", r.TryTimeout)
	}
	if err := checkRetryCodes("retry", r.Codes); err != nil {
		return err
	}
	return r.Backoff.Check()
}

// checkRetryCodes refuses codes that say that trying again cannot help.
func checkRetryCodes(of string, codes Codes) error {
	if never := codes & CodesOf(curlew.Canceled, curlew.InvalidArgument, curlew.Unimplemented, curlew.Unauthenticated); never != 0 {
		return fmt.Errorf("resilience: %s of the codes %v, which another try cannot change", of, never)
	}
	return nil
}

// Interceptor returns the retries as an interceptor in the call position of a
// client. A nil budget means one of its own with the defaults. r must pass its
// Check.
func (r Retry) Interceptor(budget *Budget) curlew.Interceptor {
	if budget == nil {
		budget = NewBudget(BudgetConfig{})
	}
	if r.MaxAttempts == 0 {
		r.MaxAttempts = defaultAttempts
	}
	r.Codes = r.Codes.or(CodesOf(curlew.Unavailable))
	return func(next curlew.Handler) curlew.Handler {
		if r.Off {
			return next
		}
		h := &retrying{Retry: r, budget: budget, next: next}
		return h.first
	}
}

type retrying struct {
	Retry
	budget *Budget
	next   curlew.Handler
}

// first makes the first attempt, on the call itself.
func (r *retrying) first(ctx context.Context, call *curlew.Call) error {
	r.budget.Deposit()
	err := r.try(ctx, call)
	if err == nil || r.MaxAttempts == 1 {
		return err
	}
	wait, again := r.again(ctx, call, err, 1)
	if !again {
		return err
	}
	return r.further(ctx, call, wait, err)
}

// further makes the second and later attempts, each on a fork.
func (r *retrying) further(ctx context.Context, call *curlew.Call, wait time.Duration, err error) error {
	for failed := 1; ; failed++ {
		if !Sleep(ctx, wait) {
			return err
		}
		fork := call.Fork()
		fork.Header().Set(AttemptsKey, strconv.Itoa(failed))
		if err = r.try(ctx, fork); err == nil || failed+1 == r.MaxAttempts {
			fork.Commit()
			return err
		}
		var again bool
		if wait, again = r.again(ctx, fork, err, failed+1); !again {
			fork.Commit()
			return err
		}
		fork.Discard()
	}
}

// try makes one attempt.
func (r *retrying) try(ctx context.Context, call *curlew.Call) error {
	if r.TryTimeout == 0 || call.Method().Kind() != curlew.KindUnary {
		return r.next(ctx, call)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= r.TryTimeout {
		return r.next(ctx, call)
	}
	limited, cancel := context.WithTimeoutCause(ctx, r.TryTimeout, tryTimedOut(r.TryTimeout))
	if err := r.next(limited, call); err != nil {
		cancel()
		return err
	}
	call.OnEnd(func(error) { cancel() }) // the reply may still be read
	return nil
}

// tryTimedOut is the cause of the end of an attempt.
type tryTimedOut time.Duration

func (t tryTimedOut) Error() string {
	return fmt.Sprintf("the timeout of %v for one try has passed", time.Duration(t))
}

func (t tryTimedOut) Is(target error) bool { return target == context.DeadlineExceeded }

// again decides whether a call, tried and failed so often, is tried again, and
// after which wait.
func (r *retrying) again(ctx context.Context, call *curlew.Call, err error, failures int) (time.Duration, bool) {
	if ctx.Err() != nil || !r.harmless(call.Method(), err) {
		return 0, false
	}
	wait, told, allowed := parsePushback(call.ReplyTrailer())
	if !allowed {
		return 0, false
	}
	if !told {
		wait = r.Backoff.Delay(failures, rand.Float64())
	}
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok && !now.Add(wait).Before(deadline) {
		return 0, false
	}
	return wait, r.budget.Withdraw(now)
}

// harmless reports whether a call that failed by err may run once more.
func (r *retrying) harmless(m *curlew.Method, err error) bool {
	e := curlew.ErrorOf(err)
	switch {
	case errors.Is(err, ErrFinal):
		return false
	case unbegun(e):
		return true
	}
	if m.Kind() != curlew.KindUnary || m.Idempotency() == curlew.IdempotencyUnknown {
		return false
	}
	return r.Codes.Has(e.Code()) ||
		r.TryTimeout > 0 && e.Code() == curlew.DeadlineExceeded // the call's own deadline has not passed
}

// unbegun reports whether no server has begun the call and another one, or the
// same one later, may. Errors of this side, a message that cannot be encoded
// for instance, would come again.
func unbegun(e *curlew.Error) bool {
	switch e.Code() {
	case curlew.Unavailable:
		return e.Retryable()
	case curlew.ResourceExhausted:
		return e.Progress() == curlew.Refused
	}
	return false
}
