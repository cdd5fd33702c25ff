// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/dispatch"
	"github.com/curlewrpc/curlew/internal/assert"
)

// failing is a service whose method Do fails with *err.
func failing(err *error) *curlew.Service {
	return curlew.NewService("Arith", curlew.Unary("Do", func(context.Context, *pair) (*sum, error) { return nil, *err }))
}

func TestErrorsForThePeer(t *testing.T) {
	detail := curlew.Detail{TypeURL: "shop.Stock", Value: []byte{1}}
	secret := errors.New("password is hunter2")
	local := curlew.NewError(curlew.NotFound, "no user 7").WithDetails(detail)
	remote := local.WithOrigin(curlew.OriginServer)
	var typedNil *curlew.Error
	type want struct {
		code     curlew.Code
		message  string
		hidden   string // message with HidePlainErrors; "" is the same
		details  int
		progress curlew.Progress
	}
	for name, c := range map[string]struct {
		err  error
		want want
	}{
		"plain":             {errors.New("divide by zero"), want{code: curlew.Unknown, message: "divide by zero", hidden: "unknown"}},
		"error":             {local, want{code: curlew.NotFound, message: "no user 7", details: 1}},
		"cause":             {local.WithCause(secret), want{code: curlew.NotFound, message: "no user 7", details: 1}},
		"wrapped":           {fmt.Errorf("load: %w", local), want{code: curlew.NotFound, message: "load: not_found: no user 7", hidden: "no user 7", details: 1}},
		"code":              {curlew.NotFound, want{code: curlew.NotFound, message: "not_found"}},
		"wrapped code":      {fmt.Errorf("user 7: %w", curlew.NotFound), want{code: curlew.NotFound, message: "user 7: not_found", hidden: "not_found"}},
		"canceled":          {context.Canceled, want{code: curlew.Canceled, message: "context canceled"}},
		"deadline":          {context.DeadlineExceeded, want{code: curlew.DeadlineExceeded, message: "context deadline exceeded"}},
		"wrapped deadline":  {fmt.Errorf("sql: %w", context.DeadlineExceeded), want{code: curlew.DeadlineExceeded, message: "sql: context deadline exceeded", hidden: "deadline_exceeded"}},
		"downstream":        {remote, want{code: curlew.NotFound, message: "no user 7"}},
		"wrapped remote":    {fmt.Errorf("users: %w", remote), want{code: curlew.NotFound, message: "users: not_found: no user 7", hidden: "no user 7"}},
		"downstream refuse": {remote.WithProgress(curlew.Refused), want{code: curlew.NotFound, message: "no user 7"}},
		"downstream unsent": {local.WithProgress(curlew.NotSent), want{code: curlew.NotFound, message: "no user 7", details: 1}},
		"refused here":      {local.WithProgress(curlew.Refused), want{code: curlew.NotFound, message: "no user 7", details: 1, progress: curlew.Refused}},
		"typed nil":         {typedNil, want{code: curlew.Internal, message: "Arith/Do: there is no reply yet"}},
		"end of file":       {io.EOF, want{code: curlew.Unknown, message: "EOF", hidden: "unknown"}},
	} {
		for _, hide := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s hide=%v", name, hide), func(t *testing.T) {
				logger, logged := logs()
				d := serving(t, dispatch.Config{HidePlainErrors: hide, Logger: logger}, failing(&c.err))
				in := newIncoming(t, d, "Arith", "Do", &pair{})
				var observed error
				in.Call.OnEnd(func(err error) { observed = err })
				d.Serve(&in.Incoming)
				message := c.want.message
				if hide && c.want.hidden != "" {
					message = c.want.hidden
					assert.Contains(t, logged(), c.err.Error())
				} else {
					assert.Equal(t, logged(), "")
				}
				got := in.stream.err
				assert.Equal(t, want{code: got.Code(), message: got.Message(), details: len(got.Details()), progress: got.Progress()},
					want{code: c.want.code, message: message, details: c.want.details, progress: c.want.progress})
				assert.Equal(t, got.Origin(), curlew.OriginLocal)
				assert.Equal(t, in.stream.reply, nil)
				if name != "typed nil" {
					assert.ErrorIs(t, observed, c.err, "what observers in this process see")
				}
			})
		}
	}
}

// TestWhyCanceled has a handler that takes every end of its context for a
// cancellation.
func TestWhyCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serving(t, dispatch.Config{}, arith(curlew.Unary("Wait", func(ctx context.Context, in *pair) (*sum, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("query: %w", context.Canceled)
		})))
		in := newIncoming(t, d, "Arith", "Wait", &pair{})
		in.Expires = time.Now().Add(time.Second)
		d.Serve(&in.Incoming)
		assert.Equal(t, in.stream.err.Code(), curlew.DeadlineExceeded)

		in = newIncoming(t, d, "Arith", "Wait", &pair{})
		in.Cancel(errors.New("the client went away"))
		d.Serve(&in.Incoming)
		assert.Equal(t, in.stream.err.Code(), curlew.Canceled)

		in = newIncoming(t, d, "Arith", "Wait", &pair{})
		in.Cancel(curlew.NewError(curlew.Unavailable, "the server is shut down"))
		d.Serve(&in.Incoming)
		assert.Equal(t, in.stream.err.Error(), "unavailable: the server is shut down")
	})
}

// TestErrorOfFinish has a stream that cannot send the reply.
func TestErrorOfFinish(t *testing.T) {
	d := serving(t, dispatch.Config{}, arith())
	in := newIncoming(t, d, "Arith", "Add", &pair{1, 2})
	large := curlew.NewError(curlew.ResourceExhausted, "too large")
	in.stream.finish = []func() *curlew.Error{func() *curlew.Error { return large }}
	var observed error
	in.Call.OnEnd(func(err error) { observed = err })
	d.Serve(&in.Incoming)
	assert.Equal(t, observed, error(large))
	assert.Equal(t, in.stream.finishes, 1)
}

func TestHiddenErrorIsLoggedWithItsCall(t *testing.T) {
	logger, logged := logs()
	err := errors.New("disk on fire")
	d := serving(t, dispatch.Config{HidePlainErrors: true, Logger: logger}, failing(&err))
	call(t, d, "Do", &pair{})
	for _, part := range []string{"method=Arith/Do", "peer=fake", `err="disk on fire"`} {
		assert.Contains(t, logged(), part)
	}
	assert.Equal(t, strings.Count(logged(), "\n"), 1, "lines")
}
