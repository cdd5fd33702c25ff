// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// NotifyShutdown returns a context that ends with parent, or when the process is
// asked to end by SIGTERM or an interrupt; serving with it drains then:
//
//	ctx, stop := server.NotifyShutdown(context.Background())
//	defer stop()
//	err := s.ListenAndServe(ctx, ":8080")
//
// A second signal ends the process at once, as it would without NotifyShutdown,
// unless other code has asked for the signal. stop does that for the first one.
func NotifyShutdown(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	signaled, forget := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancelCause(parent)
	// Whoever sees the end of ctx can be sure that the next signal has its effect.
	context.AfterFunc(signaled, func() {
		forget()
		cancel(context.Cause(signaled))
	})
	return ctx, func() {
		forget()
		cancel(nil)
	}
}
