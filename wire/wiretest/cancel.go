// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
)

func cancelCases() []testCase {
	return []testCase{
		{name: "cancel/by the caller", kinds: kinds(), scope: everyNetwork, run: cancelByCaller},
		{name: "cancel/ends the handler", needs: Cancellation, kinds: kinds(), scope: everyNetwork, run: cancelEndsHandler},
		{name: "cancel/tells the cause", needs: Cancellation | CancelCause, kinds: kinds(), scope: everyNetwork, run: cancelTellsCause},
		{name: "cancel/by Close", needs: Cancellation | Streams, scope: everyNetwork, run: cancelByClose},
		{name: "cancel/a Receive alone", needs: Streams | FullDuplex, scope: everyNetwork, run: cancelReceive},
		{name: "cancel/a Send that waits", needs: Cancellation | Streams | Multiplexed, scope: bubble, run: cancelSend},
		{name: "cancel/by the server", needs: Streams | FullDuplex, scope: everyNetwork, run: cancelByServer},
		{name: "cancel/by closing the client", kinds: kinds(), scope: everyNetwork, run: cancelByClosingClient},
		{name: "cancel/by closing the server", kinds: kinds(), scope: everyNetwork, run: cancelByClosingServer},
		{name: "cancel/after the end", kinds: kinds(), scope: everyNetwork, run: cancelAfterEnd},
		{name: "cancel/a thousand at once", needs: Cancellation, scope: bubble, run: cancelMany},
		{name: "cancel/not carried", lacks: Cancellation, kinds: kinds(), scope: everyNetwork, run: cancelNotCarried},
	}
}

var errLeft = errors.New("the user has left")

// ending is how a handler's context ended.
type ending struct{ err, cause error }

// waiting returns handlers that wait for the end of their context.
func waiting(began chan<- struct{}, ended chan<- ending) handlers {
	return handlers{each: func(ctx context.Context, in string) (string, error) {
		began <- struct{}{}
		<-ctx.Done()
		ended <- ending{ctx.Err(), context.Cause(ctx)}
		return "", ctx.Err()
	}}
}

// cancelByCaller: a canceled call ends at once, as this side's doing, and holds
// the caller's cause.
func cancelByCaller(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.serve(stubborn(began, release))
	defer close(release)
	ctx, cancel := context.WithCancelCause(r.ctx)
	call := r.later(func() (string, error) { return r.exchange(ctx, r.kind, "") })
	await(r, began, "the handler")
	cancel(errLeft)
	out := await(r, call, "the canceled call")
	r.fails("the canceled call", out.err, failure{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent, []string{errLeft.Error()}})
	r.check(errors.Is(out.err, context.Canceled), "errors.Is(%v, context.Canceled) does not hold", out.err)
	r.check(errors.Is(out.err, errLeft), "errors.Is(%v, the cause) does not hold", out.err)
}

// cancelEndsHandler: the handler's context ends when the caller cancels.
func cancelEndsHandler(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	ctx, cancel := context.WithCancel(r.ctx)
	call := r.later(func() (string, error) { return r.exchange(ctx, r.kind, "") })
	await(r, began, "the handler")
	cancel()
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
	r.check(got.cause != nil, "the handler's context has no cause")
	out := await(r, call, "the canceled call")
	r.fails("the canceled call", out.err, failure{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent, nil})
}

// cancelTellsCause: context.Cause in the handler has the caller's text.
func cancelTellsCause(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	ctx, cancel := context.WithCancelCause(r.ctx)
	call := r.later(func() (string, error) { return r.exchange(ctx, r.kind, "") })
	await(r, began, "the handler")
	cancel(errLeft)
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
	r.check(got.cause != nil && strings.Contains(got.cause.Error(), errLeft.Error()),
		"the handler's context.Cause is %v, want it to tell %q", got.cause, errLeft)
	await(r, call, "the canceled call")
}

// cancelByClose: closing a stream that is not over cancels its call.
func cancelByClose(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	await(r, began, "the handler")
	s.Close()
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
	_, err = s.receive(r.ctx)
	r.check(err != nil && err != io.EOF, "a closed stream gives %v, want an error", err)
	s.Close() // twice is as good as once
}

// cancelReceive: a Receive that was canceled leaves the stream usable.
func cancelReceive(r *rig) {
	r.serve(handlers{chat: echoChat})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	for range 3 {
		ctx, cancel := context.WithTimeout(r.ctx, 10*time.Millisecond)
		_, err = s.receive(ctx)
		cancel()
		r.fails("a Receive for which nothing came", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, anyProgress, nil})
		r.must(s.send(r.ctx, "still there"), "send after it")
		got, err := s.receive(r.ctx)
		r.must(err, "receive after it")
		equal(r, "the reply", got, "still there")
	}
	r.must(s.CloseSend(), "end the requests")
	_, err = s.receive(r.ctx)
	equal(r, "the end", err, io.EOF)
}

// cancelSend: a Send that waits for a reader ends when it is canceled, and the
// stream is reset, because part of a message may have left. Where a call has the
// connection to itself the reset is behind the messages that nobody takes.
func cancelSend(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(handlers{upload: func(ctx context.Context, _ *stream) (string, error) {
		began <- struct{}{}
		<-ctx.Done()
		ended <- ending{ctx.Err(), context.Cause(ctx)}
		return "", ctx.Err()
	}})
	s, err := r.open(r.ctx, curlew.KindClientStream)
	r.must(err, "open an upload")
	defer s.Close()
	await(r, began, "the handler")
	ctx, cancel := context.WithTimeout(r.ctx, time.Second)
	defer cancel()
	// One message above every window, so that the Send has begun and waits.
	err = s.send(ctx, numbered(0, huge))
	for err == nil {
		err = s.send(ctx, string(make([]byte, 64<<10)))
	}
	r.fails("the canceled Send", err, failure{curlew.DeadlineExceeded, curlew.OriginLocal, curlew.MaybeSent, nil})
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
}

// cancelByServer: a handler that returns early ends the client's Sends with
// io.EOF and tells Receive why.
func cancelByServer(r *rig) {
	r.serve(handlers{chat: func(context.Context, *stream) error {
		return curlew.NewError(curlew.Aborted, "enough of this")
	}})
	s, err := r.open(r.ctx, curlew.KindBidi)
	r.must(err, "open a chat")
	defer s.Close()
	for err == nil {
		err = s.send(r.ctx, "and another thing")
	}
	equal(r, "the error of Send", err, io.EOF)
	_, err = s.receive(r.ctx)
	r.fails("the end of the chat", err, answered(curlew.Aborted, "enough of this"))
}

// cancelByClosingClient: closing the client ends its calls, says so, and ends
// their handlers' contexts.
func cancelByClosingClient(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	call := r.later(func() (string, error) { return r.exchange(r.ctx, r.kind, "") })
	await(r, began, "the handler")
	r.client.close(r)
	out := await(r, call, "the call in flight")
	r.check(curlew.CodeOf(out.err) == curlew.Canceled || curlew.CodeOf(out.err) == curlew.Unavailable,
		"the call in flight of a closed client: %v, want canceled or unavailable", out.err)
	r.check(strings.Contains(fmt.Sprint(out.err), "clos"), "the error %v does not say that the client was closed", out.err)
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
	r.check(got.cause != nil && got.cause != context.Canceled, "the handler's context does not tell why it ended: %v", got.cause)
	_, err := r.exchange(r.ctx, r.kind, "")
	r.check(err != nil, "a closed client made a call")
}

// cancelByClosingServer: closing the server at once ends calls as the
// transport's failure, and the handlers' contexts.
func cancelByClosingServer(r *rig) {
	began, ended := make(chan struct{}, 1), make(chan ending, 1)
	r.serve(waiting(began, ended))
	call := r.later(func() (string, error) { return r.exchange(r.ctx, r.kind, "") })
	await(r, began, "the handler")
	r.server.close(r)
	out := await(r, call, "the call in flight")
	r.check(out.err != nil, "the call in flight of a closed server succeeded")
	r.check(curlew.CodeOf(out.err) == curlew.Unavailable || curlew.CodeOf(out.err) == curlew.Canceled,
		"the call in flight of a closed server: %v, want unavailable", out.err)
	got := await(r, ended, "the end of the handler's context")
	equal(r, "the handler's ctx.Err()", got.err, context.Canceled)
}

// cancelAfterEnd: ending the context of a call that is over disturbs nothing.
func cancelAfterEnd(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for range 100 {
		ctx, cancel := context.WithCancel(r.ctx)
		_, err := r.exchange(ctx, r.kind, "")
		cancel()
		r.must(err, "a call")
	}
}

// cancelMany: a thousand calls canceled at once all end, on both sides.
func cancelMany(r *rig) {
	const n = 1000
	began, ended := make(chan struct{}, n), make(chan ending, n)
	r.serve(waiting(began, ended))
	ctx, cancel := context.WithCancel(r.ctx)
	var calls []<-chan outcome
	for range n {
		calls = append(calls, r.later(func() (string, error) { return r.call(ctx, "") }))
	}
	for range n {
		await(r, began, "a thousand handlers")
	}
	cancel()
	for _, call := range calls {
		out := await(r, call, "a canceled call")
		r.fails("a canceled call", out.err, failure{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent, nil})
		await(r, ended, "the end of a handler's context")
	}
}

// cancelNotCarried: where the server is not told, the caller's call ends all
// the same, the handler goes on, and its late reply disturbs nobody.
func cancelNotCarried(r *rig) {
	began, release := make(chan struct{}, 1), make(chan struct{})
	ended := make(chan error, 1)
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		if in == "after" {
			return in, nil
		}
		began <- struct{}{}
		<-release
		ended <- ctx.Err()
		return in, nil
	}})
	ctx, cancel := context.WithCancel(r.ctx)
	call := r.later(func() (string, error) { return r.exchange(ctx, r.kind, "") })
	await(r, began, "the handler")
	cancel()
	out := await(r, call, "the canceled call")
	r.fails("the canceled call", out.err, failure{curlew.Canceled, curlew.OriginLocal, curlew.MaybeSent, nil})
	close(release)
	equal(r, "the handler's ctx.Err()", await(r, ended, "the end of the handler"), nil)
	got, err := r.exchange(r.ctx, r.kind, "after")
	r.must(err, "a call after the late reply")
	equal(r, "its reply", got, "after")
}
