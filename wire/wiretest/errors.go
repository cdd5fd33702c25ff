// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package wiretest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/curlewrpc/curlew"
)

func errorCases() []testCase {
	return []testCase{
		{name: "errors/code and message", kinds: kinds(), run: codeAndMessage},
		{name: "errors/plain error", kinds: kinds(), run: plainError},
		{name: "errors/context error", needs: Codes, kinds: kinds(), run: contextError},
		{name: "errors/details", needs: Codes | Details, kinds: kinds(), run: details},
		{name: "errors/details not carried", lacks: Details, kinds: kinds(), run: detailsLost},
		{name: "errors/cause stays here", kinds: kinds(), run: causeStays},
		{name: "errors/downstream", kinds: kinds(), run: downstream},
		{name: "errors/after replies", needs: Streams, run: errorAfterReplies},
		{name: "errors/no reply and no error", kinds: []curlew.Kind{curlew.KindUnary, curlew.KindClientStream}, run: neither},
		{name: "errors/a service that lacks the kind", run: wrongKind},
		{name: "errors/a kind that is not carried", lacks: Streams, run: kindNotCarried},
	}
}

// failing returns handlers that end every call with the error that is in *err.
func failing(err *error) handlers {
	return handlers{each: func(context.Context, string) (string, error) { return "", *err }}
}

// codeAndMessage: each code and any text arrive as the handler gave them.
func codeAndMessage(r *rig) {
	var want error
	r.serve(failing(&want))
	texts := []string{"no such bird", "", "50% of ☂ umbrellas\r\nare %2F \"lost\"\t", strings.Repeat("long ", 1000)}
	for code := curlew.Canceled; code.Valid(); code++ {
		text := texts[int(code)%len(texts)]
		want = curlew.NewError(code, text)
		_, err := r.exchange(r.ctx, r.kind, "")
		r.fails(code.String(), err, answered(code, text))
		if r.has(Codes) {
			r.check(errors.Is(err, code), "errors.Is(%v, %v) does not hold", err, code)
			equal(r, "the message", curlew.ErrorOf(err).Message(), text)
		}
	}
}

// plainError: an error without a code arrives as Unknown with its text.
func plainError(r *rig) {
	want := errors.New("divide by zero")
	r.serve(failing(&want))
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("a plain error", err, answered(curlew.Unknown))
	equal(r, "its text", fmt.Sprint(err), "divide by zero")
}

// contextError: a handler's own deadline or cancellation keeps its meaning and
// differs by its origin from the caller's.
func contextError(r *rig) {
	var want error
	r.serve(failing(&want))
	for _, want = range []error{context.DeadlineExceeded, context.Canceled} {
		_, err := r.exchange(r.ctx, r.kind, "")
		r.fails("a handler that returns "+want.Error(), err, answered(curlew.CodeOf(want)))
		r.check(errors.Is(err, want), "errors.Is(%v, %v) does not hold", err, want)
	}
}

func detailedError(r *rig) error {
	number, err := curlew.NewDetail(durationpb.New(90 * time.Second))
	r.must(err, "make a detail")
	text, err := curlew.NewDetail(structpb.NewStringValue("tail feathers"))
	r.must(err, "make a detail")
	return curlew.NewError(curlew.FailedPrecondition, "moulting").WithDetails(number, text)
}

// details: they arrive in order, and can be read by type.
func details(r *rig) {
	want := detailedError(r)
	r.serve(failing(&want))
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("an error with details", err, answered(curlew.FailedPrecondition, "moulting"))
	got := curlew.ErrorOf(err).Details()
	if len(got) != 2 {
		r.Fatalf("%d details arrived, want 2", len(got))
	}
	var d durationpb.Duration
	is, err := got[0].Read(&d)
	r.check(is && err == nil && d.AsDuration() == 90*time.Second, "the first detail is %v, %v, %v", is, err, &d)
	var v structpb.Value
	is, err = got[1].Read(&v)
	r.check(is && err == nil && v.GetStringValue() == "tail feathers", "the second detail is %v, %v, %v", is, err, &v)
	is, err = got[1].Read(&d)
	r.check(!is && err == nil, "a detail could be read as another type: %v, %v", is, err)
}

// detailsLost: where details are not carried, the rest of the error is.
func detailsLost(r *rig) {
	want := detailedError(r)
	r.serve(failing(&want))
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("an error with details", err, answered(curlew.FailedPrecondition, "moulting"))
	equal(r, "the number of details", len(curlew.ErrorOf(err).Details()), 0)
}

// causeStays: what an error wraps is never sent.
func causeStays(r *rig) {
	secret := errors.New("password swordfish")
	var want error = curlew.NewError(curlew.Aborted, "no luck").WithCause(secret)
	r.serve(failing(&want))
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("an error with a cause", err, answered(curlew.Aborted, "no luck"))
	r.check(!strings.Contains(fmt.Sprintf("%v %+v", err, curlew.ErrorOf(err)), "swordfish"),
		"the cause was sent to the client: %v", err)
}

// downstream: an error from a call that the handler made keeps code and text,
// loses its details, and is this server's by now.
func downstream(r *rig) {
	want := detailedError(r)
	depth := 0
	r.serve(handlers{each: func(ctx context.Context, in string) (string, error) {
		if depth++; depth > 1 {
			return "", want
		}
		return r.exchange(ctx, r.kind, in)
	}})
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("an error of a nested call", err, answered(curlew.FailedPrecondition, "moulting"))
	equal(r, "the number of details", len(curlew.ErrorOf(err).Details()), 0)
}

// errorAfterReplies: the replies before an error arrive before it.
func errorAfterReplies(r *rig) {
	r.serve(handlers{download: func(ctx context.Context, _ string, out *stream) error {
		for i := range 3 {
			if err := out.send(ctx, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return curlew.NewError(curlew.DataLoss, "no more")
	}})
	s, err := r.download(r.ctx, "")
	r.must(err, "open a download")
	defer s.Close()
	for i := range 3 {
		got, err := s.receive(r.ctx)
		r.must(err, "a reply before the error")
		equal(r, "the reply", got, fmt.Sprint(i))
	}
	for range 2 {
		_, err = s.receive(r.ctx)
		r.fails("the end of the download", err, answered(curlew.DataLoss, "no more"))
	}
}

// neither: a handler that returns neither reply nor error is an internal error.
func neither(r *rig) {
	r.serveService(r.messages.silent(r.kind))
	_, err := r.exchange(r.ctx, r.kind, "")
	r.fails("a handler that returns nil, nil", err, answered(curlew.Internal))
}

// wrongKind: a client that takes a method for another kind gets an error: at
// once, or, where the kind is not told, when the messages do not fit.
func wrongKind(r *rig) {
	r.serve(handlers{chat: func(ctx context.Context, both *stream) error {
		for text, err := both.receive(ctx); err == nil; text, err = both.receive(ctx) {
			for range 2 {
				if err := both.send(ctx, text); err != nil {
					return err
				}
			}
		}
		return nil
	}})
	m := curlew.NewMethod(serviceName+"/"+methodName(curlew.KindBidi), curlew.KindUnary)
	err := r.Invoke(r.ctx, m, r.messages.write("x"), r.messages.empty(), r.options(nil)...)
	r.fails("a unary call of a bidirectional method", err, failure{curlew.Unimplemented, anyOrigin, anyProgress, nil})
}

// kindNotCarried: a kind of call that the protocol does not carry is refused,
// by name, before anything is sent.
func kindNotCarried(r *rig) {
	r.serve(handlers{each: func(_ context.Context, in string) (string, error) { return in, nil }})
	for _, k := range kinds() {
		if r.carries(k) {
			continue
		}
		_, err := r.exchange(r.ctx, k, "")
		r.fails("a "+k.String()+" call", err,
			failure{curlew.Unimplemented, curlew.OriginLocal, curlew.NotSent, []string{r.Name}})
	}
}
