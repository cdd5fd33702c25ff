// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/curlewrpc/curlew"
)

func drainCases() []testCase {
	return []testCase{
		{name: "drain/calls in flight finish", kinds: kinds(), scope: everyNetwork, run: drainFinishes},
		{name: "drain/streams are told", needs: Streams | FullDuplex, scope: everyNetwork, run: drainTellsStreams},
		{name: "drain/hard stop", kinds: kinds(), scope: bubble, run: hardStop},
		{name: "drain/invisible", needs: GoAway, kinds: kinds(), scope: bubble, run: drainInvisible},
		{name: "drain/calls after it", kinds: kinds(), scope: bubble, run: callsAfterDrain},
		{name: "drain/idle", scope: everyNetwork, run: drainIdle},
	}
}

// drainFinishes: a shutdown waits for a call in flight, whose answer arrives.
func drainFinishes(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.serve(stubborn(began, release))
	call := r.later(func() (string, error) { return r.exchange(r.ctx, r.kind, "in flight") })
	await(r, began, "the handler")
	draining := make(chan struct{})
	shutdown := r.later(func() (string, error) {
		close(draining)
		return "", r.server.shutdown(r.ctx)
	})
	await(r, draining, "the shutdown to begin")
	if r.network.virtual {
		r.settle()
		select {
		case out := <-shutdown:
			r.Fatalf("the shutdown did not wait for the call in flight: %v", out.err)
		default:
		}
	}
	close(release)
	out := await(r, call, "the call in flight")
	r.must(out.err, "the call in flight at the shutdown")
	equal(r, "its reply", out.text, "in flight")
	r.must(await(r, shutdown, "the end of the shutdown").err, "a shutdown with a call that finishes")
}

// drainTellsStreams: the handler of a stream sees that the server is draining,
// and has time to say good-bye.
func drainTellsStreams(r *rig) {
	began := make(chan struct{}, 1)
	r.serve(handlers{chat: func(ctx context.Context, both *stream) error {
		began <- struct{}{}
		select {
		case <-curlew.CallFrom(ctx).Draining():
			return both.send(ctx, "good-bye")
		case <-ctx.Done():
			return fmt.Errorf("the context ended first: %w", context.Cause(ctx))
		}
	}})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	r.must(s.send(r.ctx, "hello"), "send a request")
	await(r, began, "the handler")
	shutdown := r.later(func() (string, error) { return "", r.server.shutdown(r.ctx) })
	got, err := s.receive(r.ctx)
	r.must(err, "the last message of a stream at the shutdown")
	equal(r, "the last message", got, "good-bye")
	_, err = s.receive(r.ctx)
	equal(r, "the end of the stream", err, io.EOF)
	r.must(await(r, shutdown, "the end of the shutdown").err, "a shutdown with a stream that finishes")
}

// hardStop: what has not finished when the shutdown's time is up is cut, and
// the shutdown reports it.
func hardStop(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	call := r.later(func() (string, error) { return r.exchange(r.ctx, r.kind, "") })
	await(r, began, "the handler")
	ctx, cancel := context.WithTimeout(r.ctx, 3*time.Second)
	defer cancel()
	begin := time.Now()
	err := r.server.shutdown(ctx)
	r.check(err != nil, "a shutdown that cut a call reports nothing")
	took := time.Since(begin)
	r.check(3*time.Second <= took && took < 4*time.Second, "a shutdown of 3 s at most took %v", took)
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
	r.check(got.cause != nil && got.cause != context.Canceled, "the handler's context does not tell why it ended: %v", got.cause)
	out := await(r, call, "the call that was cut")
	r.check(out.err != nil, "a call that was cut succeeded")
	r.check(curlew.CodeOf(out.err) != curlew.DeadlineExceeded, "a call that was cut hung: %v", out.err)
}

// drainInvisible: while a server gives way to the next, unary calls go on
// without an error. A stream that crosses with the drain was not begun and says
// so: its caller may open it again. Nothing is run twice.
func drainInvisible(r *rig) {
	var served atomic.Int64
	echo := handlers{each: func(_ context.Context, in string) (string, error) {
		served.Add(1)
		return in, nil
	}}
	r.serve(echo)
	var calls atomic.Int64
	stop := make(chan struct{})
	var callers []<-chan outcome
	for range 8 {
		callers = append(callers, r.later(func() (string, error) {
			for {
				select {
				case <-stop:
					return "", nil
				default:
				}
				n := calls.Add(1)
				_, err := r.exchange(r.ctx, r.kind, "x")
				for err != nil && r.kind != curlew.KindUnary && curlew.ErrorOf(err).Retryable() {
					_, err = r.exchange(r.ctx, r.kind, "x")
				}
				if err != nil {
					return "", fmt.Errorf("call %d: %w", n, err)
				}
				timer := time.NewTimer(time.Millisecond)
				<-timer.C
			}
		}))
	}
	for range 5 {
		timer := time.NewTimer(100 * time.Millisecond)
		<-timer.C
		old := r.server
		r.replaceServer(echo)
		r.must(old.shutdown(r.ctx), "a planned shutdown")
	}
	close(stop)
	for _, c := range callers {
		r.must(await(r, c, "a caller").err, "a call during a planned shutdown")
	}
	r.check(calls.Load() > 1000, "only %d calls were made", calls.Load())
	equal(r, "the number of handlers that ran", served.Load(), calls.Load())
}

// callsAfterDrain: with no server left, a call fails as unavailable, known not
// to have been run.
func callsAfterDrain(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	_, err := r.exchange(r.ctx, r.kind, "")
	r.must(err, "a call before the shutdown")
	r.must(r.server.shutdown(r.ctx), "the shutdown")
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	_, err = r.exchange(ctx, r.kind, "")
	r.check(err != nil, "a call succeeded without a server")
	r.check(curlew.ErrorOf(err).Retryable(), "a call without a server may be tried again, but the error says %v: %v",
		curlew.ErrorOf(err).Progress(), err)
}

// drainIdle: a shutdown does not wait for connections without calls.
func drainIdle(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	_, err := r.exchange(r.ctx, r.kind, "")
	r.must(err, "a call before the shutdown")
	begin := time.Now()
	r.must(r.server.shutdown(r.ctx), "the shutdown of an idle server")
	r.check(time.Since(begin) < 5*time.Second, "the shutdown of an idle server took %v", time.Since(begin))
}
