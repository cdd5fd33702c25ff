// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package httpwire

import (
	"context"
	"errors"
	"time"
)

// A single request may take firstPatience and as long as its largest size takes
// at slowest, in bytes a second.
const (
	firstPatience = 30 * time.Second
	slowest       = 64 << 10
)

var errSlow = errors.New("the request does not come, or slower than 64 KiB a second")

// Complete is a body that knows whether its end has come, so that reading it
// does not wait.
type Complete interface{ Complete() bool }

// Patience returns the context for reading a body that is one request of at
// most limit bytes, so that a client that stops in the middle of it holds
// nothing for ever. The caller calls cancel when it has read it.
func Patience(ctx context.Context, body Body, limit int) (patient context.Context, cancel context.CancelFunc) {
	if c, ok := body.(Complete); ok && c.Complete() {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, firstPatience+time.Duration(limit/slowest)*time.Second, errSlow)
}
