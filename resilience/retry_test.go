// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/internal/assert"
)

// scripted answers the n-th attempt by the n-th error, and those after by
// success. It notes when attempts came, and their header.
type scripted struct {
	errs     []error
	pushback string
	takes    time.Duration
	began    time.Time
	at       []time.Duration
	previous []string
}

func (s *scripted) handle(ctx context.Context, call *curlew.Call) error {
	s.at = append(s.at, time.Since(s.began))
	s.previous = append(s.previous, call.Header().Get(AttemptsKey))
	n := len(s.at)
	if !pass(ctx, s.takes) {
		return curlew.ErrorOf(ctx.Err())
	}
	if n <= len(s.errs) && s.errs[n-1] != nil {
		if s.pushback != "" {
			call.ReplyTrailer().Set(PushbackKey, s.pushback)
		}
		return s.errs[n-1]
	}
	call.SetStream(&fakeStream{text: fmt.Sprint("answer ", n)})
	return nil
}

func TestRetry(t *testing.T) {
	read, write, stream := methods()
	down := unavailable()
	refused := curlew.NewError(curlew.ResourceExhausted, "busy").WithProgress(curlew.Refused)
	unsent := down.WithProgress(curlew.NotSent)
	business := curlew.NewError(curlew.FailedPrecondition, "no").WithOrigin(curlew.OriginServer).WithProgress(curlew.Answered)
	tooLarge := curlew.NewError(curlew.ResourceExhausted, "large").WithProgress(curlew.NotSent)
	for _, test := range []struct {
		name     string
		retry    Retry
		method   *curlew.Method
		errs     []error
		attempts int
		code     curlew.Code
	}{
		{"success", Retry{}, write, nil, 1, curlew.OK},
		{"an idempotent method", Retry{}, read, []error{down, down}, 3, curlew.OK},
		{"up to three times", Retry{}, read, []error{down, down, down}, 3, curlew.Unavailable},
		{"up to five times", Retry{MaxAttempts: 5}, read, []error{down, down, down, down, down}, 5, curlew.Unavailable},
		{"off", Retry{Off: true}, read, []error{unsent}, 1, curlew.Unavailable},
		{"only once", Retry{MaxAttempts: 1}, read, []error{unsent}, 1, curlew.Unavailable},
		{"a method that is not idempotent", Retry{}, write, []error{down}, 1, curlew.Unavailable},
		{"not begun", Retry{}, write, []error{unsent, refused}, 3, curlew.OK},
		{"then begun", Retry{}, write, []error{unsent, down}, 2, curlew.Unavailable},
		{"a stream that was not opened", Retry{}, stream, []error{refused, unsent}, 3, curlew.OK},
		{"a stream that may have been opened", Retry{}, stream, []error{down}, 1, curlew.Unavailable},
		{"business errors", Retry{}, read, []error{business}, 1, curlew.FailedPrecondition},
		{"of this side", Retry{}, read, []error{tooLarge}, 1, curlew.ResourceExhausted},
		{"chosen codes", Retry{Codes: CodesOf(curlew.FailedPrecondition)}, read, []error{business}, 2, curlew.OK},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{errs: test.errs, began: time.Now()}
				call, reply := clientCall(t.Context(), test.method)
				ended := 0
				call.OnEnd(func(error) { ended++ })
				err := test.retry.Interceptor(nil)(s.handle)(t.Context(), call)
				assert.Equal(t, curlew.CodeOf(err), test.code)
				assert.Equal(t, len(s.at), test.attempts)
				assert.Equal(t, s.previous, []string{"", "1", "2", "3", "4"}[:test.attempts])
				if err == nil && test.method.Kind() == curlew.KindUnary {
					_, err := call.Reply()
					assert.NoError(t, err)
					assert.Equal(t, *reply, fmt.Sprint("answer ", test.attempts))
				}
				call.End(err)
				assert.Equal(t, ended, 1, "ends")
			})
		})
	}
}

func TestRetryWaits(t *testing.T) {
	read, _, _ := methods()
	down := unavailable()
	slow := Backoff{Fast: -1, Base: time.Second, Factor: 1, Max: time.Second}
	for _, test := range []struct {
		name     string
		pushback string
		deadline time.Duration
		attempts int
		wait     time.Duration // exactly, for the first retry; 0 is at random within a second
	}{
		{"at random", "", 0, 3, 0},
		{"as the server says", "250", 0, 3, 250 * time.Millisecond},
		{"at once", "0", 0, 3, -1},
		{"never", "-1", 0, 1, 0},
		{"never, for nonsense", "soon", 0, 1, 0},
		{"not beyond the deadline", "250", 100 * time.Millisecond, 1, 0},
		{"for as long as it is patient", "15000", 0, 3, 15 * time.Second},
		{"not for longer", "15001", 0, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				s := &scripted{errs: []error{down, down, down}, pushback: test.pushback, began: time.Now()}
				call, _ := clientCall(ctx, read)
				err := Retry{Backoff: slow}.Interceptor(nil)(s.handle)(ctx, call)
				assert.ErrorIs(t, err, curlew.Unavailable)
				assert.Equal(t, len(s.at), test.attempts)
				switch {
				case test.attempts == 1:
					assert.Equal(t, time.Since(s.began), 0, "time until the error")
				case test.wait != 0:
					assert.Equal(t, s.at[1], max(test.wait, 0))
				default:
					assert.True(t, s.at[1] <= time.Second && s.at[2] <= 2*time.Second, "waits")
				}
			})
		})
	}
}

func TestRetryEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		ctx, cancel := context.WithCancel(t.Context())
		s := &scripted{errs: []error{unavailable()}, pushback: "10000", began: time.Now()}
		call, _ := clientCall(ctx, read)
		time.AfterFunc(time.Second, cancel)
		err := Retry{}.Interceptor(nil)(s.handle)(ctx, call)
		assert.ErrorIs(t, err, curlew.Unavailable, "the error that the call has")
		assert.Equal(t, time.Since(s.began), time.Second)
	})
}

func TestTryTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write, _ := methods()
		retry := Retry{TryTimeout: time.Second, Backoff: Backoff{FastDelay: 1}}.Interceptor(nil)
		hangs := func(n int) (curlew.Handler, *int) {
			attempts := 0
			return func(ctx context.Context, call *curlew.Call) error {
				if attempts++; attempts <= n {
					<-ctx.Done()
					return curlew.ErrorOf(context.Cause(ctx))
				}
				call.SetStream(&fakeStream{text: "late"})
				return nil
			}, &attempts
		}
		began := time.Now()
		handler, attempts := hangs(2)
		call, reply := clientCall(t.Context(), read)
		assert.NoError(t, retry(handler)(t.Context(), call))
		_, err := call.Reply()
		assert.NoError(t, err)
		assert.Equal(t, *reply, "late")
		call.End(nil)
		assert.Equal(t, *attempts, 3)
		assert.Equal(t, time.Since(began).Round(time.Millisecond), 2*time.Second)

		handler, attempts = hangs(1)
		call, _ = clientCall(t.Context(), write)
		err = retry(handler)(t.Context(), call)
		assert.ErrorIs(t, err, curlew.DeadlineExceeded)
		assert.Contains(t, err.Error(), "timeout of 1s for one try")
		assert.Equal(t, *attempts, 1, "attempts of a method that is not idempotent")

		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		began = time.Now()
		handler, attempts = hangs(5)
		call, _ = clientCall(ctx, read)
		assert.ErrorIs(t, retry(handler)(ctx, call), curlew.DeadlineExceeded)
		assert.Equal(t, *attempts, 2)
		assert.Equal(t, time.Since(began).Round(time.Millisecond), 1500*time.Millisecond, "the caller's deadline holds")
	})
}

// TestTheBudgetOfAChain has a handler call another server with the context that
// it got: what is left of the first caller's time bounds the second call, and its
// retries.
func TestTheBudgetOfAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		var left []time.Duration
		last := func(ctx context.Context, call *curlew.Call) error {
			deadline, _ := ctx.Deadline()
			left = append(left, time.Until(deadline))
			pass(ctx, 300*time.Millisecond)
			return unavailable()
		}
		retry := Retry{MaxAttempts: 10, Backoff: Backoff{Fast: 9, FastDelay: 1}}.Interceptor(nil)
		middle := func(ctx context.Context, _ *curlew.Call) error {
			pass(ctx, 200*time.Millisecond)
			call, _ := clientCall(ctx, read)
			return retry(last)(ctx, call)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		assert.ErrorIs(t, middle(ctx, serverCall(ctx, read, curlew.NewHeader())), curlew.Unavailable)
		for i := range left {
			left[i] = left[i].Round(time.Millisecond)
		}
		assert.Equal(t, left, []time.Duration{800e6, 500e6, 200e6})
		assert.Equal(t, time.Since(began), time.Second)
	})
}

func TestRetryTakesFromTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		budget := NewBudget(BudgetConfig{})
		handler := Retry{}.Interceptor(budget)
		attempts := 0
		failing := handler(func(context.Context, *curlew.Call) error { attempts++; return unavailable() })
		const calls = 5000
		for range calls {
			call, _ := clientCall(t.Context(), read)
			failing(t.Context(), call)
			<-time.After(time.Millisecond / 2)
		}
		added := attempts - calls
		assert.True(t, added <= calls/10 && added >= calls/10-budgetSample, fmt.Sprintf("%d further attempts of %d calls", added, calls))
	})
}

func TestForksAreDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, _, _ := methods()
		var ends []string
		n := 0
		handler := Retry{}.Interceptor(nil)(func(_ context.Context, call *curlew.Call) error {
			n++
			name := fmt.Sprint(n)
			call.OnEnd(func(err error) { ends = append(ends, fmt.Sprint(name, " ", err)) })
			return unavailable()
		})
		call, _ := clientCall(t.Context(), read)
		err := handler(t.Context(), call)
		assert.Equal(t, ends, []string{"2 canceled"})
		call.End(errors.New("over"))
		slices.Sort(ends)
		assert.Equal(t, ends, []string{"1 over", "2 canceled", "3 over"})
		assert.ErrorIs(t, err, curlew.Unavailable)
	})
}

func TestBadRetriesAndHedges(t *testing.T) {
	for _, test := range []struct {
		err  error
		text string
	}{
		{Retry{MaxAttempts: -1}.Check(), "MaxAttempts -1"},
		{Retry{MaxAttempts: 11}.Check(), "MaxAttempts 11"},
		{Retry{TryTimeout: -1}.Check(), "TryTimeout"},
		{Retry{MaxAttempts: 1, TryTimeout: 1}.Check(), "use the call's timeout"},
		{Retry{Codes: CodesOf(curlew.Canceled, curlew.Unavailable)}.Check(), "canceled"},
		{Retry{Backoff: Backoff{Base: -1}}.Check(), "backoff"},
		{Hedge{MaxAttempts: 1}.Check(), "set Off"},
		{Hedge{MaxAttempts: 99}.Check(), "MaxAttempts 99"},
		{Hedge{Delay: -1}.Check(), "negative"},
		{Hedge{Delay: 1, Quantile: 0.5}.Check(), "choose"},
		{Hedge{Quantile: 1}.Check(), "Quantile 1"},
		{Hedge{Codes: CodesOf(curlew.InvalidArgument)}.Check(), "invalid_argument"},
		{BudgetConfig{Ratio: 11}.Check(), "Ratio 11"},
		{BudgetConfig{MinPerSecond: 1e9}.Check(), "MinPerSecond"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.text) {
			t.Errorf("got error %v, want one with %q", test.err, test.text)
		}
	}
	assert.NoError(t, errors.Join(Retry{}.Check(), Hedge{}.Check(), Hedge{Delay: 1}.Check(), BudgetConfig{}.Check(), BudgetConfig{Ratio: -1, MinPerSecond: -1}.Check()))
}
