// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"context"
	"errors"

	"github.com/curlewrpc/curlew"
)

// Fallback returns an interceptor that runs f when a call has failed: f may
// answer the call with something lesser by [curlew.Call.SetReply] and return
// nil, or return the error that the caller gets. f does not run when the caller
// has given up, nor for streams that have been opened.
func Fallback(f func(ctx context.Context, call *curlew.Call, err error) error) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			err := next(ctx, call)
			if err == nil || errors.Is(ctx.Err(), context.Canceled) {
				return err
			}
			return f(ctx, call, err)
		}
	}
}

// ErrorRule says which code callers see for an error.
type ErrorRule struct {
	// Is is found in the error by errors.Is: a sentinel such as sql.ErrNoRows, or
	// a [curlew.Code].
	Is error
	// Code is what it becomes.
	Code curlew.Code
	// Message replaces the error's text, which may tell too much; "" keeps it.
	Message string
}

// MapErrors returns an interceptor that gives errors their codes by the first
// rule that fits, so that handlers may return the errors that they get; others
// stay as they are. What is known of how far a call got stays, too, and errors.Is
// goes on finding the cause in this process.
func MapErrors(rules ...ErrorRule) curlew.Interceptor {
	return func(next curlew.Handler) curlew.Handler {
		return func(ctx context.Context, call *curlew.Call) error {
			err := next(ctx, call)
			if err == nil {
				return nil
			}
			for _, r := range rules {
				if errors.Is(err, r.Is) {
					return r.apply(err)
				}
			}
			return err
		}
	}
}

func (r *ErrorRule) apply(err error) error {
	was := curlew.ErrorOf(err)
	message := r.Message
	if message == "" {
		message = was.Message()
	}
	return curlew.NewError(r.Code, message).WithOrigin(was.Origin()).WithProgress(was.Progress()).
		WithDetails(was.Details()...).WithCause(err)
}
