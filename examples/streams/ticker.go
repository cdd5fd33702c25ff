// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"context"
	"time"

	"github.com/curlewrpc/curlew"
)

// [ticker]

// TickRequest asks for Count ticks, one every Every.
type TickRequest struct {
	Every time.Duration
	Count int
}

// Tick is one of them.
type Tick struct {
	N    int
	Time time.Time
}

// Ticker is a server stream: one request, many replies.
type Ticker struct{}

// Tick sends ticks until the client has all, or leaves, or the server goes.
func (Ticker) Tick(ctx context.Context, in *TickRequest, out curlew.Sender[Tick]) error {
	if in.Every <= 0 {
		return curlew.Errorf(curlew.InvalidArgument, "a tick every %v is too often", in.Every)
	}
	ticker := time.NewTicker(in.Every)
	defer ticker.Stop()
	for n := range in.Count {
		select {
		case now := <-ticker.C:
			if err := out.Send(ctx, &Tick{N: n + 1, Time: now}); err != nil {
				return err
			}
		case <-curlew.CallFrom(ctx).Draining():
			return curlew.NewError(curlew.Unavailable, "the server shuts down; ask another for the rest")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// [/ticker]
