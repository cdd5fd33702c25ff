// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"
	"errors"
	"fmt"

	"github.com/curlewrpc/curlew"
)

// TooLarge is the error for a message above a limit. The size is as text, for
// it may be "more than" something. sent says that the message was to go out.
func TooLarge(size string, limit int, sent bool) *curlew.Error {
	done, option := "received", "MaxReceive"
	if sent {
		done, option = "sent", "MaxSend"
	}
	return curlew.Errorf(curlew.ResourceExhausted, "message of %s bytes is larger than the %d that may be %s; raise it by WithLimits(wire.Limits{%s: …})",
		size, limit, done, option)
}

// ContextError is the error of a call whose context has ended, on the side
// whose context it is.
func ContextError(ctx context.Context) *curlew.Error {
	code := curlew.Canceled
	if ctx.Err() == context.DeadlineExceeded {
		code = curlew.DeadlineExceeded
	}
	text, cause := ctx.Err().Error(), context.Cause(ctx)
	if cause != ctx.Err() {
		text = fmt.Sprintf("%s: %v", text, cause)
	}
	return curlew.NewError(code, text).WithCause(cause)
}

// Classify returns the *curlew.Error in err, or if there is none one with the
// code that says what it is about.
func Classify(err error, code curlew.Code, what string) *curlew.Error {
	var e *curlew.Error
	if errors.As(err, &e) {
		return e
	}
	return curlew.Errorf(code, "%s: %w", what, err)
}
