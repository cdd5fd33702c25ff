// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/curlewrpc/curlew"
)

func deadlineCases() []testCase {
	return []testCase{
		{name: "deadline/of the caller", kinds: kinds(), scope: everyNetwork, run: callersDeadline},
		{name: "deadline/propagated", needs: Deadlines, kinds: kinds(), scope: everyNetwork, run: propagatedDeadline},
		{name: "deadline/ends the handler", needs: Deadlines, kinds: kinds(), scope: bubble, run: deadlineEndsHandler},
		{name: "deadline/none", kinds: kinds(), scope: everyNetwork, run: noDeadline},
		{name: "deadline/already over", kinds: kinds(), scope: everyNetwork, run: deadlineOver},
		{name: "deadline/on time", kinds: kinds(), scope: bubble, run: deadlineOnTime},
		{name: "deadline/while sending", needs: Streams, scope: bubble, run: deadlineWhileSending},
		{name: "deadline/not carried", lacks: Deadlines, kinds: kinds(), scope: everyNetwork, run: deadlineNotCarried},
		{name: "deadline/a thousand", scope: bubble, run: manyDeadlines},
	}
}

// stubborn returns handlers that pay no heed to their context: they signal that
// they began and wait for release.
func stubborn(began chan<- struct{}, release <-chan struct{}) handlers {
	return handlers{each: func(_ context.Context, in string) (string, error) {
		select {
		case began <- struct{}{}:
		default:
		}
		<-release
		return in, nil
	}}
}

// callersDeadline: when the caller's time is up its call ends, whatever the
// server does, and the error says that it was this side's deadline.
func callersDeadline(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.serve(stubborn(began, release))
	defer close(release)
	r.connect()
	ctx, cancel := context.WithTimeout(r.ctx, 50*time.Millisecond)
	defer cancel()
	_, err := r.exchange(ctx, r.kind, "")
	progress := curlew.MaybeSent
	if !r.network.virtual {
		progress = anyProgress // a busy machine may not come to send it
	}
	r.fails("a call past its deadline", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, progress, nil})
	r.check(errors.Is(err, context.DeadlineExceeded), "errors.Is(%v, context.DeadlineExceeded) does not hold", err)
}

// propagatedDeadline: the handler sees the caller's deadline as its own.
func propagatedDeadline(r *rig) {
	var seen time.Time
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		seen, _ = ctx.Deadline()
		return in, nil
	}})
	for _, timeout := range []time.Duration{5 * time.Second, 20 * time.Minute} {
		want := time.Now().Add(timeout)
		ctx, cancel := context.WithDeadline(context.WithoutCancel(r.ctx), want)
		_, err := r.exchange(ctx, r.kind, "")
		cancel()
		r.must(err, "a call with time enough")
		// Relative on the wire: the way there is added, and rounding.
		early, late := want.Add(-10*time.Millisecond), want.Add(r.network.faults.Latency+10*time.Millisecond)
		if !r.network.virtual {
			late = late.Add(time.Second) // a busy machine is a long way
		}
		r.check(!seen.Before(early) && !seen.After(late), "the handler's deadline is %v off the caller's", seen.Sub(want))
	}
}

// deadlineEndsHandler: the handler's context ends at the deadline, as the
// handler's own, and so do contexts derived from it.
func deadlineEndsHandler(r *rig) {
	type end struct {
		at             time.Time
		err, of, cause error
	}
	ended := make(chan end, 1)
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		derived, cancel := context.WithCancel(ctx)
		defer cancel()
		<-derived.Done()
		ended <- end{time.Now(), ctx.Err(), derived.Err(), context.Cause(ctx)}
		return "", ctx.Err()
	}})
	begin := time.Now()
	ctx, cancel := context.WithTimeout(r.ctx, time.Second)
	defer cancel()
	_, err := r.exchange(ctx, r.kind, "")
	r.fails("the call", err, failure{curlew.DeadlineExceeded, anyOrigin, anyProgress, nil})
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.DeadlineExceeded)
	equal(r, "the Err() of a context derived from it", got.of, context.DeadlineExceeded)
	r.check(got.cause != nil, "context.Cause of the handler's context is nil")
	off := got.at.Sub(begin.Add(time.Second))
	r.check(-time.Millisecond <= off && off <= 10*time.Millisecond, "the handler's context ended %v off the deadline", off)
}

// noDeadline: a caller without a deadline gives its handler none.
func noDeadline(r *rig) {
	r.serve(handlers{each: func(ctx context.Context, _ string) (string, error) {
		_, ok := ctx.Deadline()
		return fmt.Sprint(ok, ctx.Err()), nil
	}})
	got, err := r.exchange(context.WithoutCancel(r.ctx), r.kind, "")
	r.must(err, "a call without a deadline")
	equal(r, "the handler has a deadline", got, "false <nil>")
}

// deadlineOver: a call that begins after its deadline never reaches a handler.
func deadlineOver(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) {
		r.check(in == "warm", "the handler ran")
		return in, nil
	}})
	past, cancelPast := context.WithDeadline(r.ctx, time.Now().Add(-time.Second))
	defer cancelPast()
	gone, cancel := context.WithCancel(r.ctx)
	cancel()
	for range 2 { // before there is a connection, and after
		_, err := r.exchange(past, r.kind, "late")
		r.fails("a call after its deadline", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, curlew.NotSent, nil})
		_, err = r.exchange(gone, r.kind, "late")
		r.fails("a call with a canceled context", err, failure{curlew.Canceled, curlew.OriginLocal, curlew.NotSent, nil})
		_, err = r.exchange(r.ctx, r.kind, "warm")
		r.must(err, "a call in time")
	}
}

// deadlineOnTime: a call ends at its deadline, neither early nor more than 5 ms
// late.
func deadlineOnTime(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.serve(stubborn(began, release))
	defer close(release)
	for _, timeout := range []time.Duration{time.Millisecond, 7 * time.Millisecond, 1503 * time.Millisecond, time.Hour} {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), timeout)
		_, err := r.exchange(ctx, r.kind, "")
		cancel()
		r.fails("a call past its deadline", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, anyProgress, nil})
		took := time.Since(begin)
		r.check(timeout <= took && took <= timeout+5*time.Millisecond, "a call with a timeout of %v took %v", timeout, took)
	}
}

// deadlineWhileSending: a Send that waits for a reader ends with the deadline.
func deadlineWhileSending(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.serve(handlers{upload: func(context.Context, *stream) (string, error) {
		began <- struct{}{}
		<-release
		return "", nil
	}})
	defer close(release)
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	s, err := r.open(ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer s.Close()
	for err == nil {
		err = s.send(ctx, string(make([]byte, 64<<10)))
	}
	if err == io.EOF { // the call's own context was first; receive tells
		_, err = s.receive(r.ctx)
	}
	r.fails("a Send past the deadline", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent, nil})
}

// deadlineNotCarried: where the server is not told, the caller's call ends all
// the same, and the handler goes on in peace.
func deadlineNotCarried(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	ended := make(chan error, 1)
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		began <- struct{}{}
		<-release
		ended <- ctx.Err()
		return in, nil
	}})
	ctx, cancel := context.WithTimeout(r.ctx, 300*time.Millisecond)
	defer cancel()
	call := r.later(func() (string, error) { return r.exchange(ctx, r.kind, "") })
	await(r, began, "the handler")
	out := await(r, call, "the end of the call")
	r.fails("a call past its deadline", out.err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent, nil})
	close(release)
	equal(r, "the handler's ctx.Err()", await(r, ended, "the end of the handler"), nil)
}

// manyDeadlines: a thousand calls with deadlines of their own, set in no order,
// each end at their own time.
func manyDeadlines(r *rig) {
	const n = 1000
	release := make(chan struct{})
	r.serve(stubborn(nil, release))
	defer close(release)
	begin := time.Now()
	var calls []<-chan outcome
	for i := range n {
		timeout := time.Duration(1+(i*7919)%n) * 10 * time.Millisecond
		calls = append(calls, r.later(func() (string, error) {
			ctx, cancel := context.WithDeadline(r.ctx, begin.Add(timeout))
			defer cancel()
			_, err := r.call(ctx, "")
			off := time.Since(begin.Add(timeout))
			r.check(0 <= off && off <= 5*time.Millisecond, "a call ended %v off its deadline", off)
			return "", err
		}))
	}
	for _, call := range calls {
		out := await(r, call, "a call with a deadline")
		r.fails("a call past its deadline", out.err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, anyProgress, nil})
	}
}
