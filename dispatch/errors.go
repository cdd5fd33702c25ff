// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"errors"
	"log/slog"

	"github.com/curlewrpc/curlew"
)

// outcome returns what the peer is told of a handler's error, nil for nil: its
// code and message, its details if the error was made here, and that the call
// was refused if it was refused here. What is not for the peer stays the
// result's cause.
func (d *Dispatcher) outcome(ctx context.Context, call *curlew.Call, err error) *curlew.Error {
	e := curlew.ErrorOf(err)
	if e == nil {
		return nil
	}
	code, message := e.Code(), e.Message()
	if d.config.HidePlainErrors {
		if public := publicMessage(err, code); public != message {
			message = public
			d.logger.Warn("error hidden from the peer", slog.String("method", call.Method().FullName()),
				slog.String("peer", call.Peer().String()), slog.Any("err", err))
		}
	}
	if code == curlew.Canceled {
		code, message = whyCanceled(ctx, message)
	}
	out := curlew.NewError(code, message).WithCause(err)
	if e.Origin() != curlew.OriginLocal {
		return out
	}
	if e.Progress() == curlew.Refused {
		out = out.WithProgress(curlew.Refused)
	}
	return out.WithDetails(e.Details()...)
}

// whyCanceled returns the code and message for a handler's error that says
// "canceled": those of what ended its context if that is known better, such as
// its deadline or the server's shutdown.
func whyCanceled(ctx context.Context, message string) (curlew.Code, string) {
	var cause *curlew.Error
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return curlew.DeadlineExceeded, message
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &cause):
		return cause.Code(), cause.Message()
	}
	return curlew.Canceled, message
}

// publicMessage returns what of err was written for peers: the message of the
// *curlew.Error in it, or what is known without its text.
func publicMessage(err error, code curlew.Code) string {
	var e *curlew.Error
	switch {
	case errors.As(err, &e):
		return e.Message()
	case err == context.Canceled, err == context.DeadlineExceeded:
		return err.Error()
	default:
		return code.String()
	}
}
